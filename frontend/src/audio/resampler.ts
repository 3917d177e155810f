/**
 * Streaming polyphase resampler: windowed-sinc low-pass (Kaiser), any whole device rate to 16 kHz.
 *
 * The low-pass sits just under half the lower of the two rates, so nothing above 8 kHz folds back
 * into the speech band when a 48 or 44.1 kHz microphone is brought down (plain interpolation does).
 */
export const TARGET_RATE = 16_000;

const ZERO_CROSSINGS = 32;
const KAISER_BETA = 8.0; // about 80 dB of stop band
const PASS_SHARE = 0.93; // the transition band ends near the lower Nyquist frequency

export class Resampler {
  private readonly up: number;
  private readonly down: number;
  private readonly half: number;
  private readonly cutoff: number;
  private readonly phases: (Float32Array | undefined)[];
  /** Input samples not yet fully used; starts with `half` zeros so the first output is at time 0. */
  private held: Float32Array;
  /** Input index (in `held`) and phase, in units of 1/up input samples, of the next output. */
  private index: number;
  private phase = 0;

  constructor(inputRate: number, outputRate: number = TARGET_RATE) {
    if (!Number.isInteger(inputRate) || inputRate < 8_000 || inputRate > 384_000) {
      throw new RangeError(`unusable microphone rate: ${inputRate}`);
    }
    const divisor = gcd(inputRate, outputRate);
    this.up = outputRate / divisor;
    this.down = inputRate / divisor;
    this.cutoff = PASS_SHARE * Math.min(1, outputRate / inputRate);
    this.half = Math.ceil(ZERO_CROSSINGS / this.cutoff);
    this.phases = new Array<Float32Array | undefined>(this.up);
    this.held = new Float32Array(this.half);
    this.index = this.half;
  }

  /** Takes samples in -1..1 at the device rate, returns those now complete at the output rate. */
  push(input: Float32Array): Float32Array {
    if (this.up === this.down) return input.slice();
    const line = new Float32Array(this.held.length + input.length);
    line.set(this.held);
    line.set(input, this.held.length);

    const ready = Math.max(0, line.length - this.half - this.index);
    const output = new Float32Array(Math.ceil((ready * this.up) / this.down) + 1);
    let count = 0;
    while (this.index + this.half < line.length) {
      output[count++] = this.one(line);
      this.phase += this.down;
      this.index += Math.floor(this.phase / this.up);
      this.phase %= this.up;
    }
    const from = Math.min(line.length, Math.max(0, this.index - this.half + 1));
    this.held = line.slice(from);
    this.index -= from;
    return output.subarray(0, count);
  }

  private one(line: Float32Array): number {
    const taps = (this.phases[this.phase] ??= this.filter(this.phase / this.up));
    const first = this.index - this.half + 1;
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) sum += line[first + tap]! * taps[tap]!;
    return sum;
  }

  /** Taps for an output lying `fraction` of an input sample after the current index. */
  private filter(fraction: number): Float32Array {
    const taps = new Float32Array(this.half * 2);
    let total = 0;
    for (let tap = 0; tap < taps.length; tap += 1) {
      const distance = tap - this.half + 1 - fraction;
      const value = this.cutoff * sinc(this.cutoff * distance) * kaiser(distance / this.half);
      taps[tap] = value;
      total += value;
    }
    // Unit gain at DC for every phase, or the level would ripple from one output to the next.
    for (let tap = 0; tap < taps.length; tap += 1) taps[tap]! /= total;
    return taps;
  }
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  if (x <= -1 || x >= 1) return 0;
  return bessel0(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel0(KAISER_BETA);
}

function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-10 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
