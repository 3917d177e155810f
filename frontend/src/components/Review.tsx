import type { ReactElement } from "react";
import type { Turn } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { Heading } from "./Heading";
import { Problem } from "./Problem";
import { CorrectThis, TurnLog } from "./TurnLog";

interface Props {
  state: State;
  controller: Controller;
}

export function Review({ state, controller }: Props): ReactElement | null {
  const { intake, turns } = state;
  if (!intake?.review) return null;
  const { name, other_side: otherSide, story } = intake.review;
  const correct = (number: number) => (text: string) => controller.submit(text, number);
  const waiting = state.pending.filter((each) => each.failed !== null);

  const line = (label: string, text: string | null, number: number | undefined): ReactElement => (
    <div className="answer">
      <dt>{label}</dt>
      <dd>
        <p className="said" dir="auto">
          {text || copy.review.nothing}
        </p>
        {intake.can.correct && number !== undefined && (
          <CorrectThis key={number} text={text ?? ""} onSave={correct(number)} />
        )}
      </dd>
    </div>
  );

  return (
    <section className="review">
      <Heading>{copy.review.heading}</Heading>
      <p>{copy.review.lead}</p>
      <dl>
        {line(copy.review.name, name, answerTo("name", turns))}
        {line(copy.review.otherSide, otherSide, answerTo("other_side", turns))}
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
      <Problem code={state.problem} />
      <button
        type="button"
        className="primary wide"
        disabled={state.busy || !intake.can.send || state.pending.length > 0}
        onClick={() => void controller.send()}
      >
        {state.busy ? copy.review.sending : copy.review.send(state.firm?.name ?? "")}
      </button>
      <Whole words={copy.review.whole} turns={turns} />
    </section>
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
