import { type ReactElement, useEffect, useRef, useState } from "react";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { VoiceState } from "../state/reducer";
import { Meter } from "./Meter";
import { Problem } from "./Problem";

interface Props {
  voice: VoiceState;
  keepsAudio: boolean;
  controller: Controller;
}

/** Explains, asks, then listens. The microphone opens only on the second press, never by itself. */
export function VoicePanel({ voice, keepsAudio, controller }: Props): ReactElement {
  const [asking, setAsking] = useState(false);
  const [agreed, setAgreed] = useState(false);
  const speak = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  const wasOn = useRef(false);
  const on = voice.phase !== "off";

  // The stop button has gone: the focus goes where the person can start again.
  useEffect(() => {
    if (wasOn.current && !on && document.activeElement === document.body) speak.current?.focus();
    wasOn.current = on;
  }, [on]);

  // Both are taller than the button they replace.
  useEffect(() => {
    if (on || asking) panel.current?.scrollIntoView({ block: "nearest" });
  }, [on, asking]);

  const open = (): void => {
    setAsking(false);
    setAgreed(true);
    controller.startVoice();
  };

  return (
    <section ref={panel} className="voice" aria-label={copy.voice.region}>
      {on ? (
        <Listening voice={voice} controller={controller} />
      ) : asking ? (
        <Explanation keepsAudio={keepsAudio} onOpen={open} onCancel={() => setAsking(false)} />
      ) : (
        <button
          ref={speak}
          type="button"
          className="secondary wide"
          onClick={() => (agreed ? open() : setAsking(true))}
        >
          {copy.composer.speak}
        </button>
      )}
      {voice.problem && <Problem words={copy.voice.problems[voice.problem]} />}
    </section>
  );
}

interface ExplanationProps {
  keepsAudio: boolean;
  onOpen: () => void;
  onCancel: () => void;
}

function Explanation({ keepsAudio, onOpen, onCancel }: ExplanationProps): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="explain">
      <h2 ref={heading} tabIndex={-1}>
        {copy.voice.explainHeading}
      </h2>
      <p>{copy.voice.explain}</p>
      <p>
        {copy.voice.explainWords} {keepsAudio ? copy.voice.explainKept : copy.voice.explainNotKept}
      </p>
      <div className="row">
        <button type="button" className="primary" onClick={onOpen}>
          {copy.voice.open}
        </button>
        <button type="button" className="secondary" onClick={onCancel}>
          {copy.voice.keepTyping}
        </button>
      </div>
    </div>
  );
}

function Listening({ voice, controller }: Pick<Props, "voice" | "controller">): ReactElement {
  const stop = useRef<HTMLButtonElement>(null);
  useEffect(() => stop.current?.focus(), []);
  const captions = voice.captions.filter((caption) => caption.text !== "");
  return (
    <div className="listening">
      <div className="listening-head">
        <Meter controller={controller} />
        <p className="state" role="status">
          {stateWords(voice)}
        </p>
      </div>
      {/* Changes several times a second: to be seen, not read aloud. Finished turns are announced. */}
      <div className="captions" aria-hidden={captions.length === 0}>
        {captions.length > 0 && <p className="hint">{copy.voice.captionLabel}</p>}
        {captions.map((caption) => (
          <p key={caption.itemId} className={caption.final ? "caption caption-final" : "caption"} dir="auto">
            {caption.text}
          </p>
        ))}
      </div>
      <button
        ref={stop}
        type="button"
        className="primary wide"
        disabled={voice.phase === "stopping"}
        onClick={() => controller.stopVoice()}
      >
        {copy.voice.stop}
      </button>
      <p className="hint">{copy.voice.pauses}</p>
    </div>
  );
}

export function stateWords(voice: VoiceState): string {
  const { states } = copy.voice;
  const away = voice.link === "reconnecting";
  if (voice.phase === "opening") return states.opening;
  if (voice.phase === "stopping") return away ? states.stoppingOffline : states.stopping;
  if (away) return states.reconnecting;
  if (voice.link !== "open") return states.connecting;
  return voice.speaking ? states.hearing : states.listening;
}
