/**
 * Runs on the browser's audio thread: device-rate samples in, 40 ms frames of 16 kHz PCM16 out.
 * Built into a file of its own; must not import anything that touches the page.
 */
import { Framer, type PcmFrame } from "./framer";
import { Resampler } from "./resampler";

interface WorkletScope {
  sampleRate: number;
  AudioWorkletProcessor: new () => { readonly port: MessagePort };
  registerProcessor(name: string, processor: unknown): void;
}

const scope = globalThis as unknown as WorkletScope;

class CaptureProcessor extends scope.AudioWorkletProcessor {
  private readonly resampler = new Resampler(scope.sampleRate);
  private readonly framer = new Framer();
  private running = true;

  constructor() {
    super();
    this.port.onmessage = () => {
      const last = this.framer.flush();
      if (last) this.send(last);
      this.running = false;
      this.port.postMessage("flushed");
    };
  }

  /** One block of 128 samples. Channel 0 only: some devices deliver two though one was asked for. */
  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (channel && this.running) {
      for (const frame of this.framer.push(this.resampler.push(channel))) this.send(frame);
    }
    return this.running;
  }

  private send(frame: PcmFrame): void {
    this.port.postMessage(frame, [frame.pcm.buffer]);
  }
}

scope.registerProcessor("capture", CaptureProcessor);
