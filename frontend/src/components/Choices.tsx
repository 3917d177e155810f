import type { ReactElement } from "react";
import type { Snapshot } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";

interface Props {
  intake: Omit<Snapshot, "turns">;
  busy: boolean;
  controller: Controller;
}

/** The open question's answers as buttons, and what can be said to any question. Typing is always an alternative. */
export function Choices({ intake, busy, controller }: Props): ReactElement | null {
  const { question, can } = intake;
  if (!question) return null;
  const press = (code: string) => (): void => void controller.choose(code);
  return (
    <>
      {question.choices.length > 0 && (
        <div className="choices" role="group" aria-label={question.text}>
          {question.choices.map((option) => (
            <button
              key={option.code}
              type="button"
              className="secondary option"
              disabled={busy || !can.choose}
              onClick={press(option.code)}
            >
              {option.label}
            </button>
          ))}
        </div>
      )}
      {question.help !== null && question.kind !== "story" && <p className="hint">{question.help}</p>}
      {question.choices.length > 0 && question.kind !== "code" && <p className="hint">{copy.choices.orType}</p>}
    </>
  );
}

/** Not knowing, not saying, going back: below the box, because the question itself comes first. */
export function OtherWays({ intake, busy, controller }: Props): ReactElement | null {
  const { can } = intake;
  const skip = can.skip && intake.question?.key !== "contact_code"; // it has a button of its own for that
  if (!skip && !can.back) return null;
  return (
    <div className="row other-ways">
      {skip && (
        <>
          <button type="button" className="text-button" disabled={busy} onClick={() => void controller.choose("@unknown")}>
            {copy.choices.unknown}
          </button>
          <button type="button" className="text-button" disabled={busy} onClick={() => void controller.choose("@skip")}>
            {copy.choices.skip}
          </button>
        </>
      )}
      {can.back && (
        <button type="button" className="text-button" disabled={busy} onClick={() => void controller.back()}>
          {copy.choices.back}
        </button>
      )}
    </div>
  );
}
