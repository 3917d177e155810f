import { type ReactElement, useEffect, useId, useRef, useState } from "react";
import type { Agreement, Snapshot } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import { Problem } from "./Problem";

interface Props {
  intake: Omit<Snapshot, "turns">;
  busy: boolean;
  controller: Controller;
}

/**
 * A consent that matters from now on, below the box: it can be left unanswered, and both answers weigh the same. Beside
 * the question at which it came it is open; from the next one on it takes a line, or it would be half of a phone's screen.
 */
export function AskNow({ intake, busy, controller }: Props): ReactElement | null {
  const id = useId();
  const came = useRef({ kind: "", question: "" });
  const item = intake.agreements?.items.find((each) => each.ask);
  if (!item) return null;
  const question = intake.question?.key ?? "";
  if (came.current.kind !== item.kind) came.current = { kind: item.kind, question };
  const answer = (granted: boolean) => (): void => void controller.consent(item.kind, granted, "talk");
  return (
    <section className="ask-now" aria-labelledby={id}>
      <details key={`${item.kind} ${question}`} open={came.current.question === question}>
        <summary id={id}>{item.text}</summary>
        <p className="hint">{item.more}</p>
        <div className="row">
          <button type="button" className="secondary" disabled={busy} onClick={answer(true)}>
            {copy.agreements.yes}
          </button>
          <button type="button" className="secondary" disabled={busy} onClick={answer(false)}>
            {copy.agreements.no}
          </button>
        </div>
        <p className="hint">{copy.agreements.anytime}</p>
      </details>
    </section>
  );
}

/** Everything that was agreed to, in one place, to be seen and changed at any time. */
export function YourChoices({
  intake,
  busy,
  problem,
  controller,
  onClose,
}: Props & { problem: string | null; onClose: () => void }): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const items = (intake.agreements?.items ?? []).filter((item) => item.offered);
  return (
    <section className="your-choices" aria-labelledby="your-choices">
      <h2 id="your-choices" ref={heading} tabIndex={-1}>
        {copy.agreements.heading}
      </h2>
      <p>{copy.agreements.lead}</p>
      <ul>
        {items.map((item) => (
          <li key={item.kind}>
            <Entry item={item} busy={busy} controller={controller} />
          </li>
        ))}
      </ul>
      <Problem code={problem} />
      <button type="button" className="secondary" onClick={onClose}>
        {copy.agreements.close}
      </button>
    </section>
  );
}

function Entry({ item, busy, controller }: { item: Agreement; busy: boolean; controller: Controller }): ReactElement {
  const id = useId();
  const [sure, setSure] = useState(false);
  const change = (granted: boolean) => (): void => {
    setSure(false);
    void controller.consent(item.kind, granted, "choices");
  };
  return (
    <>
      <p id={id}>
        <strong>{item.text}</strong>
      </p>
      <p className="hint">{item.more}</p>
      <p role="status">{item.given ? copy.agreements.given : copy.agreements.notGiven}</p>
      {!item.given ? (
        item.kind !== "service" && (
          <button type="button" className="secondary" aria-describedby={id} disabled={busy} onClick={change(true)}>
            {copy.agreements.give}
          </button>
        )
      ) : sure ? (
        <div className="row">
          <p>{item.back}</p>
          <button type="button" className="secondary" aria-describedby={id} disabled={busy} onClick={change(false)}>
            {copy.agreements.takeBackNow}
          </button>
          <button type="button" className="secondary" autoFocus onClick={() => setSure(false)}>
            {copy.agreements.keep}
          </button>
        </div>
      ) : (
        <button type="button" className="text-button" aria-describedby={id} onClick={() => setSure(true)}>
          {copy.agreements.takeBack}
        </button>
      )}
    </>
  );
}
