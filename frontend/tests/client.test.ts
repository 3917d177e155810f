import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem } from "../src/api/http";
import { type LinkEnd, type LinkState, RealtimeClient } from "../src/realtime/client";
import { fakeDoors, FakeSocket } from "./fakes";

const RETRANSMITTED = 8;
let doors: ReturnType<typeof fakeDoors>;
let states: LinkState[];
let ends: LinkEnd[];
let client: RealtimeClient;
let spoken = 0;

const speak = (frames: number): void => {
  for (let i = 0; i < frames; i += 1) client.push(new Int16Array(640));
};
/** Speaks for as long as the frames last. */
const speakLive = async (frames: number): Promise<void> => {
  for (let i = 0; i < frames; i += 1) {
    client.push(new Int16Array(640));
    spoken += 1;
    await vi.advanceTimersByTimeAsync(40);
  }
};
const started = async (): Promise<FakeSocket> => {
  client.start(3);
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.open();
  FakeSocket.last.tell({ type: "session.created", session_id: "s1" });
  return FakeSocket.last;
};
const resumed = async (expected: number): Promise<FakeSocket> => {
  await vi.advanceTimersByTimeAsync(9_000);
  FakeSocket.last.open();
  FakeSocket.last.tell({ type: "session.resumed", next_expected_seq: expected });
  return FakeSocket.last;
};
const seqs = (socket: FakeSocket): number[] => socket.frames.map((frame) => frame.seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all.length = 0;
  doors = fakeDoors();
  states = [];
  spoken = 0;
  ends = [];
  client = new RealtimeClient(doors, {
    onState: (state) => states.push(state),
    onEvent: () => undefined,
    onEnd: (reason) => ends.push(reason),
  });
});
afterEach(() => vi.useRealTimers());

describe("first socket", () => {
  it("carries the ticket as a subprotocol, never in an address, and sends nothing before created", async () => {
    speak(10);
    client.start(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.last.protocols).toEqual(["intake.realtime.v1", "ticket.first1"]);
    FakeSocket.last.open();
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeSocket.last.frames).toEqual([]);
    FakeSocket.last.tell({ type: "session.created", session_id: "s1" });
    await vi.advanceTimersByTimeAsync(500);
    expect(seqs(FakeSocket.last)).toEqual(range(0, 10));
    expect(FakeSocket.last.frames.every((frame) => frame.flags === 0)).toBe(true);
    expect(FakeSocket.last.types()).not.toContain("session.resume");
  });

  it("keeps to the server's window and goes on with each acknowledgement", async () => {
    const socket = await started();
    await speakLive(150);
    expect(socket.frames).toHaveLength(100);
    socket.ack(49, 99, 60);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seqs(socket).at(-1)).toBe(109);
  });

  it("sends the commit after the last frame, once", async () => {
    const socket = await started();
    speak(40);
    client.commit();
    expect(socket.types()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket.frames).toHaveLength(40);
    expect(socket.types()).toEqual(["input_audio_buffer.commit"]);
  });
});

describe("reconnect", () => {
  it("says where it stands first, then sends from what is expected, flagged, at most 4x", async () => {
    const socket = await started();
    await speakLive(50);
    socket.ack(19, 39);
    socket.end(1006);
    await speakLive(5);
    await vi.advanceTimersByTimeAsync(8_000);
    const second = FakeSocket.last;
    expect(second).not.toBe(socket);
    expect(second.protocols[1]).toBe("ticket.more1");
    second.open();
    expect(second.said[0]).toMatchObject({
      type: "session.resume",
      session_id: "s1",
      resume_token: "r1",
      last_turn: 3,
      next_audio_seq: 55,
      oldest_buffered_seq: 20,
    });
    // A greeting ahead of the answer does not open the way.
    second.tell({ type: "session.created", session_id: "s1" });
    expect(second.frames).toEqual([]);
    second.tell({ type: "session.resumed", next_expected_seq: 30 });
    await vi.advanceTimersByTimeAsync(100);
    expect(second.frames.length).toBeLessThanOrEqual(4 + 10);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seqs(second)).toEqual(range(30, 55));
    expect(second.frames.every((frame) => frame.flags === RETRANSMITTED)).toBe(true);
    await speakLive(1);
    expect(second.frames.at(-1)).toEqual({ seq: 55, samplePos: 55 * 640, flags: 0 });
  });

  it("loses and doubles nothing over many cuts at any point", async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const journal: number[] = [];
    /** The server's end: keeps what it expects, skips what it has. */
    const serve = (socket: FakeSocket, upTo: number): void => {
      for (const { seq } of socket.frames.splice(0, upTo)) if (seq === journal.length) journal.push(seq);
    };
    let socket = await started();
    for (let cut = 0; cut < 60; cut += 1) {
      await speakLive(1 + Math.floor(random() * 20));
      serve(socket, Math.floor(random() * (socket.frames.length + 1)));
      if (random() < 0.7) socket.ack(journal.length - 1);
      socket.end([1006, 1012, 1001, 1011][cut % 4]!);
      socket = await resumed(journal.length);
    }
    await vi.advanceTimersByTimeAsync(5_000);
    serve(socket, 10_000);
    socket.ack(journal.length - 1);
    expect(journal).toEqual(range(0, spoken));
    expect(spoken).toBeGreaterThan(300);
  });

  it("repeats a commit that may have been lost with its socket", async () => {
    const socket = await started();
    speak(3);
    client.commit();
    await vi.advanceTimersByTimeAsync(100);
    socket.end(1006);
    const second = await resumed(3);
    expect(second.types()).toEqual(["session.resume", "input_audio_buffer.commit"]);
  });

  it("waits until the server says that all is heard, whatever is durable", async () => {
    const socket = await started();
    await speakLive(20);
    socket.ack(7);
    client.commit();
    expect(client.waiting).toBe(true);
    socket.tell({ type: "input_audio_buffer.committed" });
    expect(client.waiting).toBe(false);
    socket.end(1006);
    // Nothing is owed, so nothing is committed again; a new word is owed again.
    expect((await resumed(8)).types()).toEqual(["session.resume"]);
    speak(1);
    expect(client.waiting).toBe(true);
  });

  it("leaves a server that says nothing for 12 s", async () => {
    const socket = await started();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(socket.types()).toContain("ping");
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(FakeSocket.all.length).toBeGreaterThan(1);
    expect(states).toContain("reconnecting");
  });

  it("does not sit out its delay when the network is back", async () => {
    const socket = await started();
    for (let i = 0; i < 4; i += 1) {
      FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(8_000);
    }
    FakeSocket.last.end(1006);
    const before = FakeSocket.all.length;
    client.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.all.length).toBe(before + 1);
    expect(socket).not.toBe(FakeSocket.last);
  });

  it("asks anew where it stands when the server misses a frame", async () => {
    const socket = await started();
    await speakLive(5);
    socket.tell({ type: "error", error: { code: "sequence_gap", message: "", fatal: false } });
    const second = await resumed(2);
    await vi.advanceTimersByTimeAsync(500);
    expect(seqs(second)).toEqual([2, 3, 4]);
  });
});

describe("the end of a session", () => {
  it("hands what is not durable to a new session when the old one is gone", async () => {
    const socket = await started();
    await speakLive(10);
    socket.ack(5);
    socket.end(4004);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(doors.openSession).toHaveBeenCalledTimes(2);
    FakeSocket.last.open();
    FakeSocket.last.tell({ type: "session.created", session_id: "s2" });
    await vi.advanceTimersByTimeAsync(500);
    expect(FakeSocket.last.frames.map((frame) => frame.samplePos)).toEqual([0, 640, 1280, 1920]);
    expect(seqs(FakeSocket.last)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    [4009, "replaced"],
    [4003, "refused"],
    [1009, "refused"],
  ])("close code %i is final: %s", async (code, reason) => {
    (await started()).end(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ends).toEqual([reason]);
    expect(FakeSocket.all).toHaveLength(1);
    expect(states.at(-1)).toBe("idle");
  });

  it("takes the end of the stage quietly, or says that it stopped listening", async () => {
    (await started()).end(4010);
    expect([ends, states.at(-1)]).toEqual([[], "idle"]);
    client.start(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(doors.openSession).toHaveBeenCalledTimes(2);
    FakeSocket.last.open();
    FakeSocket.last.tell({ type: "session.created", session_id: "s2" });
    speak(1);
    FakeSocket.last.end(4010);
    expect(ends).toEqual(["closed"]);
  });

  it("gives up on tickets that are refused again and again", async () => {
    await started();
    for (let i = 0; i < 5; i += 1) {
      FakeSocket.last.end(4001);
      await vi.advanceTimersByTimeAsync(9_000);
    }
    expect(ends).toEqual(["refused"]);
  });

  it("rests after an idle close and comes back to the same session with the next word", async () => {
    (await started()).end(4031);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    speak(1);
    client.start(5);
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    expect(FakeSocket.last.said[0]).toMatchObject({ type: "session.resume", last_turn: 5 });
  });

  it("says so when no voice session is free, and tries on when there is only no answer", async () => {
    doors.openSession.mockRejectedValueOnce(new ApiProblem(0, "network", ""));
    client.start(0);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(FakeSocket.all).toHaveLength(1);
    const full = new RealtimeClient(
      { ...doors, openSession: () => Promise.reject(new ApiProblem(503, "capacity", "")) },
      { onState: () => undefined, onEvent: () => undefined, onEnd: (reason) => ends.push(reason) },
    );
    full.start(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(["capacity"]);
  });

  it("closes when told to, and stays closed", async () => {
    const socket = await started();
    client.close();
    expect(socket.types()).toEqual(["session.close"]);
    expect(socket.closedWith).toBe(1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });
});
