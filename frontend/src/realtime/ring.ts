import { FRAME_SAMPLES } from "../audio/framer";
import type { Frame } from "./frames";

/** 30 s of 40 ms frames: about 960 kB. */
export const RING_FRAMES = 750;

/**
 * Frames recorded but not yet known to be durable. A frame leaves only when the server says that it
 * is in its journal, never because it was sent.
 */
export class FrameRing {
  private frames: Frame[] = [];
  private seq = 0;
  private clock = 0;

  constructor(private readonly capacity: number = RING_FRAMES) {}

  /** The sequence number that the next frame will get. */
  get nextSeq(): number {
    return this.seq;
  }

  /** The oldest frame we can still send again; equals nextSeq when all are durable. */
  get oldestSeq(): number {
    return this.seq - this.frames.length;
  }

  get full(): boolean {
    return this.frames.length >= this.capacity;
  }

  get size(): number {
    return this.frames.length;
  }

  /** Adds a frame, or returns null when full: what is held is older speech and stays. */
  push(pcm: Int16Array<ArrayBuffer>, flags: number): Frame | null {
    if (this.full) return null;
    const frame: Frame = { seq: this.seq, samplePos: this.clock, flags, pcm };
    this.frames.push(frame);
    this.seq += 1;
    this.clock += pcm.length;
    return frame;
  }

  /** Moves the audio clock on over time in which nothing was recorded, in whole frames. */
  skip(milliseconds: number): void {
    this.clock += Math.floor((Math.max(0, milliseconds) * 16) / FRAME_SAMPLES) * FRAME_SAMPLES;
  }

  get(seq: number): Frame | undefined {
    return this.frames[seq - this.oldestSeq];
  }

  freeThrough(durableSeq: number): void {
    const count = Math.min(this.frames.length, durableSeq - this.oldestSeq + 1);
    if (count > 0) this.frames.splice(0, count);
  }

  /** Numbers what is held from 0 again, for a new session that takes the speech over. */
  rebase(): void {
    const start = this.frames[0]?.samplePos ?? this.clock;
    this.frames = this.frames.map((frame, seq) => ({ ...frame, seq, samplePos: frame.samplePos - start }));
    this.seq = this.frames.length;
    this.clock -= start;
  }
}
