import type { Firm, LaterChoices, Offer, Snapshot, Turn, Way } from "../api/types";
import type { LinkState } from "../realtime/client";
import { type ServerEvent, TRANSCRIPTION } from "../realtime/events";
import type { VoicePhase, VoiceProblem } from "../realtime/voice";
import { mergeTurns } from "./turns";

/** Words the person gave that the server has not confirmed yet. */
export interface Pending {
  clientRef: string;
  text: string;
  supersedes: number | null;
  /** The answer that this replaces, by the key of its question. */
  about?: string | null;
  failed: string | null;
}

/** An utterance on its way to a turn; may be lost, unlike a turn. */
export interface Caption {
  itemId: string;
  text: string;
  revision: number;
  final: boolean;
  /** The number of the turn that it became, once that is known. */
  turn: number | null;
}

export interface VoiceState {
  phase: VoicePhase;
  link: LinkState;
  speaking: boolean;
  captions: Caption[];
  problem: VoiceProblem | null;
}

export interface State {
  phase: "loading" | "failed" | "welcome" | "returning" | "sent_before" | "intake" | "left";
  firm: Firm | null;
  /** The language that the page speaks. */
  locale: string;
  intake: Omit<Snapshot, "turns"> | null;
  turns: Turn[];
  pending: Pending[];
  voice: VoiceState;
  /** Something is being asked of the server by a button other than the composer's. */
  busy: boolean;
  /** A code of copy.ts's problems; shown beside the button that caused it. */
  problem: string | null;
  /** What can be chosen to come back with, once it was asked for, and what was made of it. */
  later: LaterChoices | null;
  offer: Offer | null;
  /** Somebody comes back: a link's token, ways to get a code, and whether one was asked for. */
  returning: { token: string; ways: Way[]; asked: boolean };
  /** The reference of what was sent before somebody came back. */
  reference: string | null;
}

export type Action =
  | { type: "loaded"; firm: Firm; snapshot: Snapshot | null }
  | { type: "spoken"; locale: string; firm?: Firm }
  | { type: "load_failed"; code: string }
  | { type: "snapshot"; snapshot: Snapshot }
  | { type: "turns"; turns: Turn[] }
  | { type: "submitted"; pending: Omit<Pending, "failed"> }
  | { type: "submit_failed"; clientRef: string; code: string }
  | { type: "dropped"; clientRef: string }
  | { type: "asked" }
  | { type: "answered"; problem: string | null }
  | { type: "voice_phase"; phase: VoicePhase }
  | { type: "voice_link"; link: LinkState }
  | { type: "voice_problem"; problem: VoiceProblem | null }
  | { type: "voice_event"; event: ServerEvent }
  | { type: "another" }
  | { type: "later"; later: LaterChoices | null }
  | { type: "offered"; offer: Offer }
  | { type: "returning"; token: string; ways: Way[] }
  | { type: "code_asked" }
  | { type: "sent_before"; reference: string | null }
  | { type: "left" };

export const initialState: State = {
  phase: "loading",
  firm: null,
  locale: "en",
  intake: null,
  turns: [],
  pending: [],
  voice: { phase: "off", link: "idle", speaking: false, captions: [], problem: null },
  busy: false,
  problem: null,
  later: null,
  offer: null,
  returning: { token: "", ways: [], asked: false },
  reference: null,
};

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "loaded": {
      const next = { ...state, firm: action.firm, problem: null };
      return action.snapshot ? withSnapshot(next, action.snapshot) : { ...next, phase: "welcome" };
    }
    case "spoken":
      return { ...state, locale: action.locale, firm: action.firm ?? state.firm };
    case "load_failed":
      return { ...state, phase: "failed", problem: action.code };
    case "snapshot":
      return withSnapshot(state, action.snapshot);
    case "turns":
      return withTurns(state, action.turns);
    case "submitted":
      return { ...state, problem: null, pending: withPending(state.pending, action.pending) };
    case "submit_failed":
      return {
        ...state,
        pending: state.pending.map((each) =>
          each.clientRef === action.clientRef ? { ...each, failed: action.code } : each,
        ),
      };
    case "dropped":
      return { ...state, pending: state.pending.filter((each) => each.clientRef !== action.clientRef) };
    case "asked":
      return { ...state, busy: true, problem: null };
    case "answered":
      return { ...state, busy: false, problem: action.problem };
    case "voice_phase":
      return { ...state, voice: { ...state.voice, ...onPhase(action.phase) } };
    case "voice_link":
      return { ...state, voice: { ...state.voice, link: action.link } };
    case "voice_problem":
      return { ...state, voice: { ...state.voice, problem: action.problem } };
    case "voice_event":
      return { ...state, voice: withoutTurned(onEvent(state.voice, action.event), state.turns) };
    case "another":
      return { ...initialState, firm: state.firm, locale: state.locale, phase: "welcome" };
    case "later":
      return { ...state, later: action.later, offer: null };
    case "offered":
      return { ...state, offer: action.offer };
    case "returning": {
      const returning = { token: action.token, ways: action.ways, asked: false };
      return { ...initialState, firm: state.firm, locale: state.locale, phase: "returning", returning };
    }
    case "code_asked":
      return { ...state, returning: { ...state.returning, asked: true } };
    case "sent_before":
      return { ...initialState, firm: state.firm, locale: state.locale, phase: "sent_before", reference: action.reference };
    case "left":
      return { ...initialState, locale: state.locale, phase: "left" };
  }
}

/** A snapshot that is older than what we have (answers may overtake each other) moves nothing back. */
function withSnapshot(state: State, snapshot: Snapshot): State {
  const { turns, ...rest } = snapshot;
  const current = state.intake;
  const stale = current !== null && current.id === rest.id && rest.last_turn < current.last_turn;
  const intake = stale ? current : rest;
  // What went wrong with the microphone belongs to the stage in which it did.
  const voice = current && current.stage !== intake.stage ? { ...state.voice, problem: null } : state.voice;
  const next: State = { ...state, phase: "intake", locale: intake.locale, intake, voice };
  return withTurns(next, turns);
}

function withTurns(state: State, news: readonly Turn[]): State {
  const turns = mergeTurns(state.turns, news);
  return { ...state, turns, voice: withoutTurned(state.voice, turns) };
}

/** Captions whose words stand in the log already, in whichever order the two arrived. */
function withoutTurned(voice: VoiceState, turns: readonly Turn[]): VoiceState {
  const turned = ({ itemId, turn }: Caption): boolean =>
    turns.some((each) => each.item_id === itemId || each.number === turn);
  return voice.captions.some(turned)
    ? { ...voice, captions: voice.captions.filter((caption) => !turned(caption)) }
    : voice;
}

function withPending(pending: readonly Pending[], added: Omit<Pending, "failed">): Pending[] {
  return [...pending.filter((each) => each.clientRef !== added.clientRef), { ...added, failed: null }];
}

function onPhase(phase: VoicePhase): Partial<VoiceState> {
  if (phase === "opening") return { phase, problem: null, speaking: false };
  if (phase === "off") return { phase, speaking: false };
  return { phase };
}

function onEvent(voice: VoiceState, event: ServerEvent): VoiceState {
  switch (event.type) {
    case "input_audio_buffer.speech_started":
      return { ...voice, speaking: true };
    case "input_audio_buffer.speech_stopped":
      return { ...voice, speaking: false };
    case "input_audio_buffer.committed":
      // All is heard: a caption that became no turn was no speech.
      return { ...voice, speaking: false, captions: voice.captions.filter((caption) => caption.final) };
    case `${TRANSCRIPTION}.partial`:
      return withCaption(voice, {
        itemId: event.item_id,
        text: event.text,
        revision: event.revision,
        final: false,
        turn: null,
      });
    case `${TRANSCRIPTION}.completed`:
      // An empty utterance makes no turn, so nothing would take its caption away.
      return event.transcript.trim() === ""
        ? withoutCaption(voice, event.item_id)
        : withCaption(voice, {
            itemId: event.item_id,
            text: event.transcript,
            revision: Number.MAX_SAFE_INTEGER,
            final: true,
            turn: event.turn ?? null,
          });
    case `${TRANSCRIPTION}.failed`:
      return withoutCaption(voice, event.item_id);
    default:
      return voice;
  }
}

function withCaption(voice: VoiceState, caption: Caption): VoiceState {
  const known = voice.captions.find((each) => each.itemId === caption.itemId);
  if (known && (known.final || known.revision >= caption.revision)) return voice;
  const captions = known
    ? voice.captions.map((each) => (each === known ? caption : each))
    : [...voice.captions, caption];
  return { ...voice, captions };
}

function withoutCaption(voice: VoiceState, itemId: string): VoiceState {
  return { ...voice, captions: voice.captions.filter((caption) => caption.itemId !== itemId) };
}
