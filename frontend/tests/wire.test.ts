import { describe, expect, it } from "vitest";
import { afterClose } from "../src/realtime/closing";
import { parseEvent } from "../src/realtime/events";
import { encodeFrame, FLAG_RETRANSMISSION, HEADER_BYTES } from "../src/realtime/frames";
import { Pace, reconnectDelay } from "../src/realtime/pacing";
import { FrameRing } from "../src/realtime/ring";

const pcm = (): Int16Array<ArrayBuffer> => new Int16Array(640);

describe("frame", () => {
  it("has the header of the protocol, little-endian, then the samples", () => {
    const bytes = encodeFrame(
      { seq: 0x01020304, samplePos: 2 ** 40 + 5, flags: 2, pcm: Int16Array.of(1, -2) },
      FLAG_RETRANSMISSION,
    );
    expect([...new Uint8Array(bytes)]).toEqual([
      1, 0, 10, 0, 4, 3, 2, 1, 5, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0xfe, 0xff,
    ]);
    expect(encodeFrame({ seq: 0, samplePos: 0, flags: 0, pcm: pcm() }).byteLength).toBe(HEADER_BYTES + 1280);
  });
});

describe("ring", () => {
  it("frees only what is durable, and counts on", () => {
    const ring = new FrameRing();
    for (let i = 0; i < 10; i += 1) ring.push(pcm(), 0);
    ring.freeThrough(-1);
    expect(ring.oldestSeq).toBe(0);
    ring.freeThrough(3);
    expect([ring.oldestSeq, ring.nextSeq, ring.size]).toEqual([4, 10, 6]);
    ring.freeThrough(2);
    expect(ring.oldestSeq).toBe(4);
    expect(ring.get(3)).toBeUndefined();
    expect(ring.get(7)!.samplePos).toBe(7 * 640);
    ring.freeThrough(99);
    expect([ring.oldestSeq, ring.nextSeq]).toEqual([10, 10]);
  });

  it("holds 30 s and then takes no more, so that nothing older is lost", () => {
    const ring = new FrameRing();
    for (let i = 0; i < 750; i += 1) expect(ring.push(pcm(), 0)).not.toBeNull();
    expect(ring.push(pcm(), 0)).toBeNull();
    expect([ring.oldestSeq, ring.nextSeq]).toEqual([0, 750]);
  });

  it("lets the audio clock pass in whole frames without using up a number", () => {
    const ring = new FrameRing();
    ring.push(pcm(), 0);
    ring.skip(100);
    expect(ring.push(pcm(), 0)).toMatchObject({ seq: 1, samplePos: 640 + 2 * 640 });
  });

  it("renumbers what it holds for a new session", () => {
    const ring = new FrameRing();
    for (let i = 0; i < 5; i += 1) ring.push(pcm(), 0);
    ring.freeThrough(2);
    ring.rebase();
    expect([ring.oldestSeq, ring.nextSeq]).toEqual([0, 2]);
    expect(ring.get(1)).toMatchObject({ seq: 1, samplePos: 640 });
    expect(ring.push(pcm(), 0)).toMatchObject({ seq: 2, samplePos: 1280 });
  });
});

describe("pace", () => {
  it("lets four times real time through, in any second", () => {
    let now = 0;
    const pace = new Pace(() => now);
    let sent = 0;
    for (; now <= 1_000; now += 10) while (pace.take()) sent += 1;
    expect(sent).toBeGreaterThanOrEqual(100);
    expect(sent).toBeLessThanOrEqual(104);
  });

  it("waits 0.25 to 8 s, longer each time, never all at once", () => {
    for (let attempt = 0; attempt < 12; attempt += 1) {
      for (const dice of [0, 0.5, 0.999]) {
        const delay = reconnectDelay(attempt, () => dice);
        expect(delay).toBeGreaterThanOrEqual(250);
        expect(delay).toBeLessThanOrEqual(8_000);
      }
    }
    expect(reconnectDelay(0, () => 0)).toBe(250);
    expect(reconnectDelay(9, () => 0.999)).toBeGreaterThan(7_900);
    expect(reconnectDelay(3, () => 0)).not.toBe(reconnectDelay(3, () => 0.9));
  });
});

describe("events", () => {
  it("takes what it knows and leaves what is malformed or new", () => {
    expect(parseEvent('{"type":"input_audio_buffer.ack","received_seq":4,"durable_seq":-1}')).not.toBeNull();
    expect(parseEvent('{"type":"pong"}')).not.toBeNull();
    for (const bad of [
      "no json",
      "null",
      "[]",
      '{"type":7}',
      '{"type":"from.the.future"}',
      '{"type":"turn","text":"x","role":"client"}',
      '{"type":"input_audio_buffer.ack","received_seq":"4","durable_seq":3}',
      '{"type":"error"}',
      new ArrayBuffer(4),
    ]) {
      expect(parseEvent(bad)).toBeNull();
    }
  });

  it.each([
    [1006, "resume"],
    [1012, "resume"],
    [1013, "resume"],
    [4001, "renew"],
    [4003, "refused"],
    [4004, "restart"],
    [4009, "replaced"],
    [4010, "closed"],
    [4029, "slow"],
    [4031, "idle"],
    [1009, "refused"],
  ])("close code %i means %s", (code, what) => {
    expect(afterClose(code)).toBe(what);
  });
});
