import type { ReactElement } from "react";
import type { Answer, Turn } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { Heading } from "./Heading";
import { Later } from "./Later";
import { Problem } from "./Problem";
import { CorrectThis, TurnLog } from "./TurnLog";

interface Props {
  state: State;
  controller: Controller;
}

export function Review({ state, controller }: Props): ReactElement | null {
  const { intake, turns } = state;
  if (!intake?.review) return null;
  const { sections, story } = intake.review;
  const correct = (number: number) => (text: string) => controller.submit(text, number);
  const waiting = state.pending.filter((each) => each.failed !== null);

  return (
    <section className="review">
      <Heading>{copy.review.heading}</Heading>
      <p>{copy.review.lead}</p>
      {sections.length === 0 ? (
        <Names state={state} controller={controller} />
      ) : (
        sections.map((section) => (
          <section key={section.key} aria-labelledby={`section-${section.key}`}>
            <h2 id={`section-${section.key}`}>{section.title}</h2>
            <dl>
              {section.items.map((item) => (
                <AnswerEntry key={`${item.key} ${item.turn}`} item={item} state={state} controller={controller} />
              ))}
            </dl>
          </section>
        ))
      )}
      <dl className="told">
        <div className="answer">
          <dt>{copy.review.story}</dt>
          {story.map((part) => (
            <dd key={part.number}>
              <p className="said" dir="auto">
                {part.text}
              </p>
              {intake.can.correct && <CorrectThis text={part.text} onSave={correct(part.number)} />}
            </dd>
          ))}
          {story.length === 0 && <dd>{copy.review.nothing}</dd>}
        </div>
      </dl>
      {waiting.length > 0 && (
        <TurnLog
          turns={[]}
          pending={waiting}
          onRetry={(pending) => controller.retry(pending)}
          onDrop={(pending) => controller.drop(pending)}
        />
      )}
      <p>{copy.review.afterSend}</p>
      <Problem code={state.later ? null : state.problem} />
      <button
        type="button"
        className="primary wide"
        disabled={state.busy || !intake.can.send || state.pending.length > 0}
        onClick={() => void controller.send()}
      >
        {state.busy ? copy.review.sending : copy.review.send(state.firm?.name ?? "")}
      </button>
      <Later state={state} controller={controller} />
      <Whole words={copy.review.whole} turns={turns} />
    </section>
  );
}

/** One answer: what we have, how we came to it, whether it is right, and a way to put it right. */
function AnswerEntry({ item, state, controller }: Props & { item: Answer }): ReactElement {
  const may = state.intake?.can.correct === true;
  return (
    <div className="answer">
      <dt>{item.label}</dt>
      <dd>
        <p className="said" dir="auto">
          {item.text}
        </p>
        {item.others.map((other) => (
          <p key={other.turn} className="also" dir="auto">
            {copy.review.also(other.text)}
          </p>
        ))}
        {item.state === "inferred" && <p className="hint">{copy.review.inferred}</p>}
        {item.state === "confirmed" && <p className="hint">{copy.review.confirmed}</p>}
        {item.turn === null && <p className="hint">{copy.review.byFirm}</p>}
        {may && (
          <div className="row">
            {item.state !== "confirmed" && (
              <button
                type="button"
                className="text-button"
                disabled={state.busy}
                aria-label={`${copy.review.right}: ${item.label} ${item.text}`}
                onClick={() => void controller.confirm(item.key)}
              >
                {copy.review.right}
              </button>
            )}
            {item.kind !== "choice" || item.choices.length > 0 ? (
              <CorrectThis
                text={item.text}
                choices={item.choices}
                onSave={(text) => controller.replace(item.key, text)}
              />
            ) : null}
          </div>
        )}
      </dd>
    </div>
  );
}

/** Name and other side of a conversation of the first form, corrected where they were said. */
function Names({ state, controller }: Props): ReactElement | null {
  const { intake, turns } = state;
  if (!intake?.review) return null;
  const line = (label: string, text: string | null, number: number | undefined): ReactElement => (
    <div className="answer">
      <dt>{label}</dt>
      <dd>
        <p className="said" dir="auto">
          {text || copy.review.nothing}
        </p>
        {intake.can.correct && number !== undefined && (
          <CorrectThis key={number} text={text ?? ""} onSave={(said) => controller.submit(said, number)} />
        )}
      </dd>
    </div>
  );
  return (
    <dl>
      {line(copy.review.name, intake.review.name, answerTo("name", turns))}
      {line(copy.review.otherSide, intake.review.other_side, answerTo("other_side", turns))}
    </dl>
  );
}

/** The whole conversation, folded away. */
export function Whole({ words, turns }: { words: string; turns: Turn[] }): ReactElement {
  return (
    <details>
      <summary>{words}</summary>
      <TurnLog turns={turns} pending={[]} />
    </details>
  );
}

/** The number of the client's turn that answers this question now. */
export function answerTo(question: string, turns: Turn[]): number | undefined {
  return turns.findLast(
    (turn) => turn.role === "client" && turn.question === question && turn.superseded_by == null,
  )?.number;
}
