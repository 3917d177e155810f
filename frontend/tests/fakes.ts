import { vi } from "vitest";
import type { Agreement, Can, ConsentKind, Snapshot, Turn } from "../src/api/types";
import type { Doors } from "../src/realtime/client";

/** A socket whose other end is the test. */
export class FakeSocket {
  static readonly all: FakeSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  readonly frames: { seq: number; samplePos: number; flags: number }[] = [];
  readonly said: Record<string, unknown>[] = [];
  closedWith: number | undefined | null = null;

  constructor(readonly protocols: string[]) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  send(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      this.said.push(JSON.parse(data) as Record<string, unknown>);
      return;
    }
    const view = new DataView(data);
    this.frames.push({
      seq: view.getUint32(4, true),
      samplePos: Number(view.getBigUint64(8, true)),
      flags: view.getUint16(2, true),
    });
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  tell(message: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  ack(durable: number, received = durable, window = 100): void {
    this.tell({ type: "input_audio_buffer.ack", received_seq: received, durable_seq: durable, window });
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  types(): unknown[] {
    return this.said.map((message) => message["type"]);
  }
}

export function fakeDoors(): Doors & {
  openSession: ReturnType<typeof vi.fn>;
  renewTicket: ReturnType<typeof vi.fn>;
} {
  let sessions = 0;
  let tickets = 0;
  return {
    openSession: vi.fn(async () => {
      sessions += 1;
      return {
        session_id: `s${sessions}`,
        ws_path: "/ws/v1/intake",
        protocols: ["intake.realtime.v1", `ticket.first${sessions}`],
        resume_token: `r${sessions}`,
      };
    }),
    renewTicket: vi.fn(async () => {
      tickets += 1;
      return { protocols: ["intake.realtime.v1", `ticket.more${tickets}`] };
    }),
    socket: (_path, protocols) => new FakeSocket(protocols) as unknown as WebSocket,
    now: () => Date.now(),
    random: () => 0.5,
  };
}

export function turn(number: number, fields: Partial<Turn> = {}): Turn {
  return {
    number,
    role: number % 2 ? "assistant" : "client",
    text: `turn ${number}`,
    modality: number % 2 ? null : "typed",
    question: null,
    supersedes: null,
    superseded_by: null,
    at: "2026-01-01T00:00:00Z",
    item_id: null,
    ...fields,
  };
}

export function may(some: Partial<Can>): Can {
  const nothing = { type: false, speak: false, done: false, send: false, correct: false };
  return { ...nothing, choose: false, back: false, skip: false, go_on: false, ...some };
}

export function agreement(kind: ConsentKind, fields: Partial<Agreement> = {}): Agreement {
  const words = { text: `May we ${kind}?`, more: `What ${kind} means.`, back: `What taking ${kind} back does.` };
  return { kind, ...words, given: kind === "service", offered: true, ask: false, ...fields };
}

export function agreements(...items: Agreement[]): NonNullable<Snapshot["agreements"]> {
  const kinds: ConsentKind[] = ["service", "transcription", "keep_audio"];
  const others = kinds.filter((kind) => !items.some((item) => item.kind === kind)).map((kind) => agreement(kind));
  return { version: "2026-2", items: [...others, ...items] };
}

export function snapshot(fields: Partial<Snapshot> = {}): Snapshot {
  const turns = fields.turns ?? [turn(1)];
  return {
    id: "i1",
    reference: null,
    stage: "name",
    question: { key: "name", text: "What is your full name?", kind: "name", help: null, choices: [] },
    consents: { service: true, transcription: false, keep_audio: false },
    agreements: agreements(),
    microphone: { offered: true, reason: null, text: null },
    turns,
    last_turn: turns.at(-1)?.number ?? 0,
    later: false,
    can: may({ type: true, speak: true, correct: true }),
    locale: "en",
    locales: ["en", "es"],
    review: null,
    notice: { version: "2026-1", paragraphs: [] },
    ...fields,
  };
}
