import { type ReactElement, useEffect, useRef, useState } from "react";
import type { Snapshot } from "../api/types";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { VoiceState } from "../state/reducer";
import { Meter } from "./Meter";
import { Problem } from "./Problem";
import { Choice } from "./Welcome";

interface Props {
  voice: VoiceState;
  intake: Omit<Snapshot, "turns">;
  controller: Controller;
}

/** Explains, asks, then listens. The microphone opens only on the second press, never by itself. */
export function VoicePanel({ voice, intake, controller }: Props): ReactElement {
  const [asking, setAsking] = useState(false);
  const [opened, setOpened] = useState(false);
  // Taken back meanwhile: it is asked for again.
  const agreed = opened && intake.consents.transcription === true;
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

  const open = (consents: Parameters<Controller["startVoice"]>[0] = null): void => {
    setAsking(false);
    setOpened(true);
    controller.startVoice(consents);
  };

  return (
    <section ref={panel} className="voice" aria-label={copy.voice.region}>
      {on ? (
        <Listening voice={voice} controller={controller} />
      ) : asking ? (
        <Explanation intake={intake} onOpen={open} onCancel={() => setAsking(false)} />
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
  intake: Omit<Snapshot, "turns">;
  onOpen: (consents: Parameters<Controller["startVoice"]>[0]) => void;
  onCancel: () => void;
}

/** What opening the microphone means. Pressing the button agrees to the words above it; keeping is a box of its own. */
function Explanation({ intake, onOpen, onCancel }: ExplanationProps): ReactElement {
  const [keep, setKeep] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const items = intake.agreements?.items ?? [];
  const hear = items.find((item) => item.kind === "transcription" && !item.given);
  const record = items.find((item) => item.kind === "keep_audio" && !item.given);
  const open = (): void => {
    // Words that were not shown are not agreed to; a no that was given before need not be given again.
    const keepAudio = record && (keep || hear) ? keep : null;
    onOpen(hear || keepAudio !== null ? { transcription: hear !== undefined, keepAudio } : null);
  };
  return (
    <div className="explain">
      <h2 ref={heading} tabIndex={-1}>
        {copy.voice.explainHeading}
      </h2>
      <p>{copy.voice.explain}</p>
      {hear ? (
        <p>
          <strong>{hear.text}</strong> {hear.more}
        </p>
      ) : (
        <p>{copy.voice.explainWords}</p>
      )}
      {record ? (
        <Choice checked={keep} onChange={setKeep} label={record.text} hint={record.more} />
      ) : (
        <p>{intake.consents.keep_audio ? copy.voice.explainKept : copy.voice.explainNotKept}</p>
      )}
      <div className="row">
        <button type="button" className="primary" onClick={open}>
          {hear ? copy.voice.agreeAndOpen : copy.voice.open}
        </button>
        <button type="button" className="secondary" onClick={onCancel}>
          {copy.voice.keepTyping}
        </button>
      </div>
      <p className="hint">{copy.agreements.anytime}</p>
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
