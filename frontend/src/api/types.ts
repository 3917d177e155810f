/** The shapes of the HTTP API on a firm's host. */

/** Stages that this page has a view for. Every other one looks the same: we have stopped for now. */
export type Stage =
  | "name"
  | "other_side"
  | "topic"
  | "basics"
  | "story"
  | "questions"
  | "safety_pause"
  | "review"
  | "sent"
  | (string & {});

export interface Notice {
  version: string;
  paragraphs: string[];
}

export interface Turn {
  number: number;
  role: "client" | "assistant" | "staff" | "notice";
  text: string;
  modality: "typed" | "voice" | null;
  question: string | null;
  supersedes: number | null;
  superseded_by: number | null;
  at: string;
  item_id: string | null;
}

/** A button under a question. */
export interface Option {
  code: string;
  label: string;
}

export interface Question {
  key: string;
  text: string;
  /** What its answer is; "story" takes paragraphs, every other kind is one line. */
  kind: "name" | "name_other" | "story" | (string & {});
  help: string | null;
  choices: Option[];
}

export interface Can {
  type: boolean;
  speak: boolean;
  done: boolean;
  send: boolean;
  correct: boolean;
  choose: boolean;
  back: boolean;
  skip: boolean;
  go_on: boolean;
}

/** One answer at the review. `turn` is null for what the firm wrote down. */
export interface Answer {
  key: string;
  label: string;
  kind: string;
  text: string;
  state: "stated" | "inferred" | "unknown" | "refused" | "contradicted" | "confirmed" | (string & {});
  turn: number | null;
  choices: Option[];
  others: { text: string; turn: number | null }[];
}

export interface Section {
  key: string;
  title: string;
  items: Answer[];
}

export interface Review {
  name: string | null;
  other_side: string | null;
  story: { number: number; text: string }[];
  /** Empty for a conversation of the first form. */
  sections: Section[];
}

export type ConsentKind = "service" | "transcription" | "keep_audio" | "ai_processing" | "sms";

/** A consent's words: what is agreed to, what that means, and what taking it back does. */
export interface ConsentWords {
  kind: ConsentKind;
  text: string;
  more: string;
  back: string;
}

/** `offered`: it can matter in this conversation; `ask`: it is to be asked for now. */
export interface Agreement extends ConsentWords {
  given: boolean;
  offered: boolean;
  ask: boolean;
}

/** Whether the microphone may be used here; where the language is why not, words to show instead. */
export interface Microphone {
  offered: boolean;
  reason: string | null;
  text: string | null;
}

export interface Snapshot {
  id: string;
  reference: string | null;
  stage: Stage;
  question: Question | null;
  consents: Partial<Record<ConsentKind, boolean>>;
  /** Absent from a server of the release before. */
  agreements?: { version: string; items: Agreement[] };
  microphone?: Microphone;
  turns: Turn[];
  last_turn: number;
  can: Can;
  /** Whether one can stop here and come back. */
  later: boolean;
  review: Review | null;
  notice: Notice;
  locale: string;
  locales: string[];
}

export interface Firm {
  name: string;
  accent: string;
  locales: string[];
  /** What is shown before any input; the server stores its version with the consents. */
  notice: Notice;
  agreements?: { version: string; items: ConsentWords[] };
}

/** A way to reach the client. */
export type Way = "email" | "phone";

/** What can be chosen to come back with; `shown` is enough of an address to know it by. */
export interface LaterChoices {
  ways: { way: Way; shown: string }[];
  days: number;
}

/** The way back. The code is told once. */
export interface Offer {
  code: string;
  expires_at: string;
  pin: boolean;
  link: Way | null;
}

/** What somebody who comes back has: the code that they noted, or a link's token. */
export interface WayBack {
  code?: string;
  token?: string;
}

/** The conversation, or of one that was sent its reference alone. */
export interface Returned {
  sent: boolean;
  reference: string | null;
  snapshot: Snapshot | null;
}

export interface NewTurns {
  turns: Turn[];
  snapshot: Snapshot;
}

export interface TurnsAfter {
  turns: Turn[];
  stage: Stage;
  question: Question | null;
  last_turn: number;
}

export interface VoiceSession {
  session_id: string;
  ws_path: string;
  protocols: string[];
  resume_token: string;
}

export interface VoiceTicket {
  protocols: string[];
}
