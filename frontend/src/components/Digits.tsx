import { type FormEvent, type ReactElement, useId, useState } from "react";
import type { Snapshot } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";

interface FieldProps {
  label: string;
  hint?: string;
  value: string;
  onChange: (value: string) => void;
  /** What the browser may fill in; a code that came by message, or nothing. */
  fill: "one-time-code" | "off";
  hidden?: boolean;
  invalid?: boolean;
  box?: React.RefObject<HTMLInputElement | null>;
}

/** Six digits, on a telephone with its number keys. Spaces are allowed: codes are pasted and read out in parts. */
export function DigitsField(props: FieldProps): ReactElement {
  const id = useId();
  return (
    <div className="digits">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        ref={props.box}
        type={props.hidden ? "password" : "text"}
        inputMode="numeric"
        autoComplete={props.fill}
        maxLength={12}
        value={props.value}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        aria-invalid={props.invalid}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {props.hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** The digits alone, or null for what is not six of them. */
export function sixDigits(typed: string): string | null {
  const digits = typed.replace(/[\s.-]/g, "");
  return /^\d{6}$/.test(digits) ? digits : null;
}

/** The open question wants the six digits that were sent. */
export function DigitsForm({ intake, controller }: { intake: Omit<Snapshot, "turns">; controller: Controller }): ReactElement {
  const [typed, setTyped] = useState("");
  const digits = sixDigits(typed);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (digits === null) return;
    controller.submit(digits);
    setTyped("");
  };
  return (
    <form onSubmit={send}>
      <DigitsField
        label={copy.digits.label}
        hint={copy.digits.hint}
        value={typed}
        onChange={setTyped}
        fill="one-time-code"
      />
      <div className="row">
        <button type="submit" className="primary" disabled={digits === null || !intake.can.type}>
          {copy.digits.submit}
        </button>
      </div>
    </form>
  );
}
