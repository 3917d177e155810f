import { type FormEvent, type ReactElement, useId, useState } from "react";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { DigitsField, sixDigits } from "./Digits";
import { Heading } from "./Heading";
import { Problem } from "./Problem";

interface Props {
  state: State;
  controller: Controller;
}

/**
 * Somebody wants to go on. The page shows the same whatever the code is: which ways there are is the firm's, and
 * whether a code went out is told to nobody.
 */
export function ComeBack({ state, controller }: Props): ReactElement {
  const id = useId();
  const { token, ways, asked } = state.returning;
  const [code, setCode] = useState("");
  const [pin, setPin] = useState("");
  const [sent, setSent] = useState("");
  const [missing, setMissing] = useState<string | null>(null);
  const noCode = token === "" && code.trim() === "";

  const goOn = (event: FormEvent): void => {
    event.preventDefault();
    const oneTime = sixDigits(sent);
    const own = sixDigits(pin);
    if (noCode) setMissing(copy.comeBack.needCode);
    else if (oneTime !== null) attempt({ one_time_code: oneTime });
    else if (own !== null) attempt({ pin: own });
    else setMissing(asked ? copy.comeBack.needEither : copy.comeBack.needPin);
  };
  const attempt = (proof: { pin: string } | { one_time_code: string }): void => {
    setMissing(null);
    void controller.comeBack(code, proof);
  };
  const ask = (way: (typeof ways)[number]): void => {
    setMissing(noCode ? copy.comeBack.needCode : null);
    if (!noCode) void controller.askForCode(code, way);
  };

  return (
    <section className="come-back">
      <Heading>{copy.comeBack.heading}</Heading>
      <p>{token ? copy.comeBack.leadLink : copy.comeBack.lead}</p>
      <form onSubmit={goOn} noValidate>
        {token === "" && (
          <div className="digits">
            <label htmlFor={id}>{copy.comeBack.code}</label>
            <input
              id={id}
              type="text"
              value={code}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              maxLength={40}
              aria-describedby={`${id}-hint`}
              onChange={(event) => setCode(event.target.value)}
            />
            <p id={`${id}-hint`} className="hint">
              {copy.comeBack.codeHint}
            </p>
          </div>
        )}
        <DigitsField label={copy.comeBack.pin} value={pin} onChange={setPin} fill="off" hidden />
        {ways.length > 0 && (
          <fieldset>
            <legend>{copy.comeBack.noPin}</legend>
            <div className="row">
              {ways.map((way) => (
                <button key={way} type="button" className="secondary" disabled={state.busy} onClick={() => ask(way)}>
                  {copy.comeBack.sendBy[way]}
                </button>
              ))}
            </div>
            <p role="status">{asked ? copy.comeBack.perhapsSent : ""}</p>
            {asked && (
              <DigitsField label={copy.digits.label} value={sent} onChange={setSent} fill="one-time-code" />
            )}
          </fieldset>
        )}
        <Problem words={missing} code={missing === null ? state.problem : null} />
        <button type="submit" className="primary wide" disabled={state.busy}>
          {copy.comeBack.goOn}
        </button>
      </form>
      <p className="hint">{copy.comeBack.lost}</p>
      <button type="button" className="text-button" onClick={() => controller.another()}>
        {copy.comeBack.anew}
      </button>
    </section>
  );
}
