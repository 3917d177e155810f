import type { ReactElement } from "react";
import * as copy from "../copy";
import type { State } from "../state/reducer";
import { Heading } from "./Heading";
import { Whole } from "./Review";

export function Sent({ state, onAnother }: { state: State; onAnother: () => void }): ReactElement {
  return (
    <section className="sent">
      <Heading>{copy.sent.heading}</Heading>
      <div className="reference">
        <p>{copy.sent.reference}</p>
        <p className="number">{state.intake?.reference}</p>
        <p className="hint">{copy.sent.keep}</p>
      </div>
      <p>{copy.sent.next}</p>
      <p>{copy.sent.notClient}</p>
      <button type="button" className="text-button" onClick={onAnother}>
        {copy.sent.another}
      </button>
      <Whole words={copy.sent.whole} turns={state.turns} />
    </section>
  );
}

/** Somebody came back to what was sent: the number, and not a word of it. */
export function SentBefore({ reference, onAnother }: { reference: string | null; onAnother: () => void }): ReactElement {
  return (
    <section className="sent">
      <Heading>{copy.sent.heading}</Heading>
      <div className="reference">
        <p>{copy.sent.reference}</p>
        <p className="number">{reference}</p>
        <p className="hint">{copy.sent.keep}</p>
      </div>
      <p>{copy.sent.notClient}</p>
      <button type="button" className="text-button" onClick={onAnother}>
        {copy.sent.another}
      </button>
    </section>
  );
}
