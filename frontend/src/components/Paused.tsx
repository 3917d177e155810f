import { Fragment, type ReactElement } from "react";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { Composer } from "./Composer";
import { Heading } from "./Heading";
import { Later } from "./Later";
import { Problem } from "./Problem";
import { Whole } from "./Review";

interface Props {
  state: State;
  controller: Controller;
}

/** Numbers of at least three figures, as a telephone dials them. */
const NUMBER = /(\b(?:1-)?\d{3}(?:-\d{3}-\d{4})?\b)/;

/** The conversation is paused because somebody may be in danger: the server's fixed words, and the way on. */
export function Paused({ state, controller }: Props): ReactElement {
  const words = state.turns.findLast((turn) => turn.role !== "client");
  return (
    <section className="paused">
      <Heading>{copy.paused.heading}</Heading>
      {words && (
        <div className="said help" dir="auto" role="alert">
          {words.text.split("\n\n").map((paragraph) => (
            <p key={paragraph}>{withNumbers(paragraph)}</p>
          ))}
        </div>
      )}
      <button
        type="button"
        className="primary wide"
        disabled={state.busy || !state.intake?.can.go_on}
        onClick={() => void controller.choose("@go_on")}
      >
        {copy.paused.goOn}
      </button>
      <p>{copy.paused.stay}</p>
      <Composer state={state} controller={controller} />
      <Problem code={state.later ? null : state.problem} />
      <Later state={state} controller={controller} />
      <Whole words={copy.stopped.whole} turns={state.turns} />
    </section>
  );
}

/** One press away on a phone. */
function withNumbers(text: string): ReactElement[] {
  return text.split(NUMBER).map((part, index) =>
    index % 2 === 1 ? (
      <a key={index} href={`tel:${part}`}>
        {part}
      </a>
    ) : (
      <Fragment key={index}>{part}</Fragment>
    ),
  );
}
