import { describe, expect, it } from "vitest";
import { MicrophoneError, problemOf } from "../src/audio/capture";
import { Framer, FRAME_SAMPLES } from "../src/audio/framer";
import { Resampler } from "../src/audio/resampler";

/** A second of a sine at `hertz`, brought to 16 kHz in the blocks of 128 that a worklet gets. */
function resampled(rate: number, hertz: number, seconds = 1): Float32Array {
  const resampler = new Resampler(rate);
  const whole: number[] = [];
  for (let at = 0; at < rate * seconds; at += 128) {
    const block = Float32Array.from({ length: 128 }, (_, i) => Math.sin((2 * Math.PI * hertz * (at + i)) / rate));
    whole.push(...resampler.push(block));
  }
  return Float32Array.from(whole);
}

function power(samples: Float32Array): number {
  const middle = samples.subarray(800, samples.length - 800);
  return middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length;
}

describe("resampler", () => {
  it.each([8_000, 22_050, 32_000, 44_100, 48_000, 96_000])("keeps a 1 kHz tone from %i Hz in pitch, level and time", (rate) => {
    const out = resampled(rate, 1_000);
    let error = 0;
    for (let i = 800; i < 15_000; i += 1) error = Math.max(error, Math.abs(out[i]! - Math.sin((2 * Math.PI * i) / 16)));
    expect(error).toBeLessThan(0.002);
  });

  it.each([44_100, 48_000])("takes away what would fold back from %i Hz", (rate) => {
    expect(10 * Math.log10(power(resampled(rate, 9_500)) / 0.5)).toBeLessThan(-60);
  });

  it("keeps the speech band flat up to 7 kHz", () => {
    expect(Math.abs(10 * Math.log10(power(resampled(44_100, 7_000)) / 0.5))).toBeLessThan(0.2);
  });

  it("makes 16,000 samples of a second, but for the filter's half that is still held", () => {
    const out = resampled(44_100, 440, 10);
    expect(out.length).toBeGreaterThan(159_950);
    expect(out.length).toBeLessThanOrEqual(160_050);
  });

  it("gives the same samples however the input is cut", () => {
    const input = Float32Array.from({ length: 4_410 }, (_, i) => Math.sin(i / 7));
    const whole = new Resampler(44_100).push(input);
    const cut = new Resampler(44_100);
    const parts = [...cut.push(input.subarray(0, 1)), ...cut.push(input.subarray(1, 130)), ...cut.push(input.subarray(130))];
    expect(parts).toEqual([...whole]);
  });

  it("refuses a rate that no microphone has", () => {
    expect(() => new Resampler(0)).toThrow(RangeError);
    expect(() => new Resampler(44_100.5)).toThrow(RangeError);
  });
});

describe("framer", () => {
  it("cuts 640-sample frames across pushes and pads the last one", () => {
    const framer = new Framer();
    expect(framer.push(new Float32Array(600).fill(0.5))).toHaveLength(0);
    const [frame] = framer.push(new Float32Array(100).fill(0.5));
    expect(frame!.pcm).toHaveLength(FRAME_SAMPLES);
    expect(frame!.level).toBeCloseTo(0.5);
    const last = framer.flush()!;
    expect([...last.pcm.slice(58, 62)]).toEqual([16_384, 16_384, 0, 0]);
    expect(framer.flush()).toBeNull();
  });

  it("holds loud samples at the ends of the range", () => {
    const [frame] = new Framer().push(Float32Array.from({ length: 640 }, (_, i) => (i % 2 ? 3 : -3)));
    expect([...frame!.pcm.slice(0, 2)]).toEqual([-32_768, 32_767]);
  });
});

describe("microphone problems", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["SecurityError", "denied"],
    ["NotFoundError", "missing"],
    ["OverconstrainedError", "missing"],
    ["NotReadableError", "busy"],
    ["AbortError", "busy"],
    ["SomethingNewError", "unknown"],
  ])("%s is told as %s", (name, problem) => {
    expect(problemOf(new DOMException("no", name))).toBe(problem);
  });

  it("keeps a problem that is already named", () => {
    expect(problemOf(new MicrophoneError("unsupported"))).toBe("unsupported");
  });
});
