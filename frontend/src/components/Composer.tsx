import { type FormEvent, type KeyboardEvent, type ReactElement, useEffect, useId, useRef, useState } from "react";
import { MOST_CHARACTERS } from "../config";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { AskNow } from "./Agreements";
import { Choices, OtherWays } from "./Choices";
import { DigitsForm } from "./Digits";
import { VoicePanel } from "./VoicePanel";

interface Props {
  state: State;
  controller: Controller;
}

/** In a pause nothing is asked, and there is no story to be done with. */
function hintFor(kind: string | undefined): string {
  if (kind === undefined) return copy.paused.say;
  return kind === "story" ? copy.composer.storyHint : copy.composer.nameHint;
}

/** One place to answer: a text box that is always there, and beside it the microphone. */
export function Composer({ state, controller }: Props): ReactElement | null {
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState("");
  const whole = useRef<HTMLDivElement>(null);
  const byKeyboard = useRef(false);
  const { intake, busy } = state;
  const asked = intake?.question?.key;

  // The button that was pressed has gone. Whoever pressed it with the keyboard stands at the next question's answers,
  // not at the top of the page; whoever touched it gets no keyboard over the question.
  useEffect(() => {
    if (busy || !byKeyboard.current) return;
    byKeyboard.current = false;
    if (document.activeElement !== document.body) return;
    const next = whole.current?.querySelector<HTMLElement>("button:enabled, textarea:enabled, input:enabled");
    next?.focus({ preventScroll: true });
  }, [asked, busy]);

  if (!intake) return null;
  const story = intake.question === null || intake.question.kind === "story";
  const digits = intake.question?.kind === "code";
  const ways = { intake, busy: state.busy, controller };
  const tooLong = draft.length > MOST_CHARACTERS;

  const submit = (): void => {
    const text = draft.trim();
    if (text === "" || tooLong) return;
    controller.submit(text);
    setDraft("");
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    submit();
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // A name is one line: Enter sends it. A story has paragraphs: there it takes Ctrl or Command.
    const sends = event.key === "Enter" && !event.nativeEvent.isComposing && !event.shiftKey;
    if (!sends || (story && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  const onDone = (): void => {
    submit();
    void controller.done();
  };

  return (
    <div
      ref={whole}
      className="composer"
      onClickCapture={(event) => {
        byKeyboard.current = event.detail === 0;
      }}
    >
      {digits ? (
        <DigitsForm intake={intake} controller={controller} />
      ) : (
        <>
          <Choices {...ways} />
          <form onSubmit={onSubmit}>
            <label htmlFor={id}>{copy.composer.label}</label>
            <textarea
              id={id}
              ref={box}
              value={draft}
              rows={story ? 4 : 1}
              autoComplete="off"
              dir="auto"
              disabled={!intake.can.type}
              aria-describedby={`${id}-hint`}
              aria-invalid={tooLong}
              onChange={(event) => setDraft(event.target.value)}
              onKeyDown={onKeyDown}
            />
            <p id={`${id}-hint`} className={tooLong ? "problem" : "hint"}>
              {tooLong ? copy.composer.tooLong : hintFor(intake.question?.kind)}
            </p>
            <div className="row">
              <button type="submit" className="primary" disabled={draft.trim() === "" || tooLong}>
                {copy.composer.submit}
              </button>
            </div>
          </form>
        </>
      )}
      {digits && <Choices {...ways} />}
      <OtherWays {...ways} />
      {intake.can.speak && <VoicePanel voice={state.voice} intake={intake} controller={controller} />}
      {!intake.can.speak && intake.microphone?.text && (
        <p className="hint voice" role="status">
          {intake.microphone.text}
        </p>
      )}
      {(intake.can.done || intake.question?.kind === "story") && (
        <div className="done">
          <button type="button" className="secondary wide" disabled={state.busy || tooLong} onClick={onDone}>
            {state.busy ? copy.composer.finishing : copy.composer.done}
          </button>
        </div>
      )}
      <AskNow intake={intake} busy={state.busy} controller={controller} />
    </div>
  );
}
