import { type FormEvent, type ReactElement, useId, useRef, useState } from "react";
import * as copy from "../copy";
import type { State } from "../state/reducer";
import { Heading } from "./Heading";
import { Problem } from "./Problem";

interface Props {
  state: State;
  onStart: () => void;
  onReturn: () => void;
}

/** What this is and is not, before anything can be typed, and the one consent that is needed to go on. */
export function Welcome({ state, onStart, onReturn }: Props): ReactElement {
  const [service, setService] = useState(false);
  const [missing, setMissing] = useState(false);
  const serviceBox = useRef<HTMLInputElement>(null);
  const paragraphs = state.firm?.notice.paragraphs ?? [];
  const words = state.firm?.agreements?.items.find((item) => item.kind === "service");

  const start = (event: FormEvent): void => {
    event.preventDefault();
    setMissing(!service);
    if (service) onStart();
    else serviceBox.current?.focus();
  };

  return (
    <section>
      <Heading focus={false}>{copy.welcome.heading}</Heading>
      <div className="notice">
        {paragraphs.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </div>
      <form onSubmit={start} noValidate>
        <fieldset>
          <legend>{copy.welcome.consents}</legend>
          <Choice
            checked={service}
            onChange={setService}
            label={words?.text ?? copy.welcome.service}
            hint={words?.more ?? copy.welcome.serviceHint}
            box={serviceBox}
            invalid={missing && !service}
          />
        </fieldset>
        {missing && !service && <Problem words={copy.welcome.needService} />}
        <Problem code={state.problem} />
        <button type="submit" className="primary wide" disabled={state.busy}>
          {state.busy ? copy.welcome.starting : copy.welcome.start}
        </button>
      </form>
      <button type="button" className="text-button" disabled={state.busy} onClick={onReturn}>
        {copy.comeBack.open}
      </button>
    </section>
  );
}

interface ChoiceProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  hint: string;
  box?: React.RefObject<HTMLInputElement | null>;
  invalid?: boolean;
}

export function Choice({ checked, onChange, label, hint, box, invalid = false }: ChoiceProps): ReactElement {
  const id = useId();
  return (
    <div className="choice">
      <input
        id={id}
        ref={box}
        type="checkbox"
        checked={checked}
        aria-describedby={`${id}-hint`}
        aria-invalid={invalid}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      </div>
    </div>
  );
}
