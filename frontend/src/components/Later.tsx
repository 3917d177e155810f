import { type FormEvent, type ReactElement, useEffect, useRef, useState } from "react";
import type { Offer, Way } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { DigitsField, sixDigits } from "./Digits";
import { Problem } from "./Problem";

interface Props {
  state: State;
  controller: Controller;
}

/** Stop here and come back: a button, what to choose, then the code to note. */
export function Later({ state, controller }: Props): ReactElement | null {
  const button = useRef<HTMLButtonElement>(null);
  const open = state.later !== null;
  const wasOpen = useRef(open);
  useEffect(() => {
    if (wasOpen.current && !open) button.current?.focus();
    wasOpen.current = open;
  }, [open]);
  if (!state.intake?.later) return null;
  return (
    <section className="later" aria-label={copy.later.heading}>
      <button
        ref={button}
        type="button"
        className="text-button"
        aria-expanded={open}
        disabled={state.busy}
        onClick={() => (open ? controller.stay() : void controller.later())}
      >
        {copy.later.button}
      </button>
      {state.offer ? (
        <Note offer={state.offer} state={state} controller={controller} />
      ) : (
        state.later && <Choose state={state} controller={controller} />
      )}
    </section>
  );
}

function Choose({ state, controller }: Props): ReactElement {
  const [pin, setPin] = useState("");
  const [link, setLink] = useState<Way | null>(null);
  const [missing, setMissing] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const ways = state.later?.ways ?? [];
  const needed = ways.length === 0;
  useEffect(() => box.current?.focus(), []);

  const make = (event: FormEvent): void => {
    event.preventDefault();
    const digits = pin.trim() === "" && !needed ? "" : sixDigits(pin);
    setMissing(digits === null);
    if (digits === null) box.current?.focus();
    else void controller.offerLater(digits, link);
  };

  return (
    <form onSubmit={make} noValidate>
      <h2>{copy.later.heading}</h2>
      <p>{copy.later.lead(state.later?.days ?? 0)}</p>
      <DigitsField
        label={needed ? copy.later.pin : copy.later.pinIfYouLike}
        hint={needed ? copy.later.pinHint : copy.later.pinOrCode}
        value={pin}
        onChange={setPin}
        fill="off"
        invalid={missing}
        box={box}
      />
      {missing && <Problem words={copy.later.sixDigits} />}
      {ways.length > 0 && (
        <fieldset>
          <legend>{copy.later.link}</legend>
          <p className="hint">{copy.later.linkHint(location.host)}</p>
          <Radio label={copy.later.noLink} checked={link === null} onChange={() => setLink(null)} />
          {ways.map(({ way, shown }) => (
            <Radio key={way} label={copy.later.linkBy[way](shown)} checked={link === way} onChange={() => setLink(way)} />
          ))}
        </fieldset>
      )}
      <Problem code={state.problem} />
      <div className="row">
        <button type="submit" className="primary" disabled={state.busy}>
          {copy.later.make}
        </button>
        <button type="button" className="text-button" onClick={() => controller.stay()}>
          {copy.later.stay}
        </button>
      </div>
    </form>
  );
}

function Radio({ label, checked, onChange }: { label: string; checked: boolean; onChange: () => void }): ReactElement {
  return (
    <label className="radio">
      <input type="radio" name="link" checked={checked} onChange={onChange} /> {label}
    </label>
  );
}

/** The code, to be written down: it is shown here and never again. */
function Note({ offer, state, controller }: Props & { offer: Offer }): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const until = new Date(offer.expires_at).toLocaleDateString(state.locale, { dateStyle: "long" });
  return (
    <div>
      <h2 ref={heading} tabIndex={-1}>
        {copy.later.noted}
      </h2>
      <div className="reference">
        <p>{copy.later.code}</p>
        <p className="number" aria-label={offer.code.split("").join(" ")}>
          {offer.code}
        </p>
        <p className="hint">{copy.later.once}</p>
      </div>
      <p>{copy.later.how(location.host, until)}</p>
      <p>{offer.pin ? copy.later.withPin : copy.later.withCode}</p>
      {offer.link && <p>{copy.later.linkSent}</p>}
      <div className="row">
        <button type="button" className="primary" onClick={() => controller.leave()}>
          {copy.later.leave}
        </button>
        <button type="button" className="text-button" onClick={() => controller.stay()}>
          {copy.later.stay}
        </button>
      </div>
    </div>
  );
}
