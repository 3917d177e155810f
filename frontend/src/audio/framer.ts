/** Cuts 16 kHz samples into frames of 40 ms (640 samples) of 16-bit PCM. */
export const FRAME_SAMPLES = 640;
export const FRAME_MS = 40;

export interface PcmFrame {
  /** Exactly 640 samples, little-endian on every machine a browser runs on. */
  pcm: Int16Array<ArrayBuffer>;
  /** Loudness of the frame, 0..1 (root mean square). */
  level: number;
}

export class Framer {
  private frame = new Float32Array(FRAME_SAMPLES);
  private filled = 0;

  push(samples: Float32Array): PcmFrame[] {
    const frames: PcmFrame[] = [];
    let offset = 0;
    while (offset < samples.length) {
      const take = Math.min(FRAME_SAMPLES - this.filled, samples.length - offset);
      this.frame.set(samples.subarray(offset, offset + take), this.filled);
      this.filled += take;
      offset += take;
      if (this.filled === FRAME_SAMPLES) frames.push(this.take());
    }
    return frames;
  }

  /** The last, incomplete frame padded with silence, or nothing when none was begun. */
  flush(): PcmFrame | null {
    if (this.filled === 0) return null;
    this.frame.fill(0, this.filled);
    return this.take();
  }

  private take(): PcmFrame {
    const pcm = new Int16Array(FRAME_SAMPLES);
    let energy = 0;
    for (let i = 0; i < FRAME_SAMPLES; i += 1) {
      const sample = Math.max(-1, Math.min(1, this.frame[i]!));
      energy += sample * sample;
      pcm[i] = Math.round(sample * (sample < 0 ? 32_768 : 32_767));
    }
    this.filled = 0;
    return { pcm, level: Math.sqrt(energy / FRAME_SAMPLES) };
  }
}
