import type { Turn } from "../api/types";

/** What the server says on the socket, in the part of intake.realtime.v1 that this page uses. */
export type ServerEvent =
  | { type: "session.created"; session_id: string; heartbeat_ms?: number; last_turn?: number }
  | { type: "session.resumed"; next_expected_seq: number; last_turn?: number }
  | { type: "session.going_away"; deadline_ms: number; reason: string }
  | { type: "input_audio_buffer.ack"; received_seq: number; durable_seq: number; window?: number }
  | { type: "input_audio_buffer.committed" }
  | { type: "input_audio_buffer.speech_started"; item_id: string }
  | { type: "input_audio_buffer.speech_stopped"; item_id: string }
  | { type: `${typeof TRANSCRIPTION}.partial`; item_id: string; revision: number; text: string }
  | { type: `${typeof TRANSCRIPTION}.completed`; item_id: string; transcript: string; turn?: number | null }
  | { type: `${typeof TRANSCRIPTION}.failed`; item_id: string; retryable?: boolean }
  | ({ type: "turn" } & Turn)
  | { type: "pong" }
  | { type: "error"; error: { code: string; message: string; fatal?: boolean; retry_after_ms?: number } };

export const TRANSCRIPTION = "conversation.item.input_audio_transcription";

const NUMBERS: Record<string, readonly string[]> = {
  "session.resumed": ["next_expected_seq"],
  "input_audio_buffer.ack": ["received_seq", "durable_seq"],
  [`${TRANSCRIPTION}.partial`]: ["revision"],
  turn: ["number"],
};
const STRINGS: Record<string, readonly string[]> = {
  "session.created": ["session_id"],
  "input_audio_buffer.speech_started": ["item_id"],
  "input_audio_buffer.speech_stopped": ["item_id"],
  [`${TRANSCRIPTION}.partial`]: ["item_id", "text"],
  [`${TRANSCRIPTION}.completed`]: ["item_id", "transcript"],
  [`${TRANSCRIPTION}.failed`]: ["item_id"],
  turn: ["text", "role"],
};
const PLAIN = new Set(["session.going_away", "input_audio_buffer.committed", "pong", "error"]);

/** Null for what is malformed or unknown: a newer server may say more than this page understands. */
export function parseEvent(data: unknown): ServerEvent | null {
  if (typeof data !== "string") return null;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null) return null;
  const fields = message as Record<string, unknown>;
  const type = fields["type"];
  if (typeof type !== "string") return null;
  const numbers = NUMBERS[type] ?? [];
  const strings = STRINGS[type] ?? [];
  if (numbers.length + strings.length === 0 && !PLAIN.has(type)) return null;
  if (type === "error" && (typeof fields["error"] !== "object" || fields["error"] === null)) return null;
  const sound =
    numbers.every((name) => Number.isInteger(fields[name])) &&
    strings.every((name) => typeof fields[name] === "string");
  return sound ? (fields as unknown as ServerEvent) : null;
}
