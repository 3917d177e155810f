/** The 16-byte header of a binary audio frame, little-endian (docs/protocol). */
export const HEADER_BYTES = 16;
const TYPE_AUDIO = 0x01;
const CODEC_PCM16_16K = 0;

export const FLAG_FIRST_AFTER_UNMUTE = 1 << 1;
export const FLAG_RETRANSMISSION = 1 << 3;

export interface Frame {
  /** +1 per frame, from 0, per session (not per socket). */
  seq: number;
  /** Index of the first sample on the session's audio clock. */
  samplePos: number;
  flags: number;
  pcm: Int16Array<ArrayBuffer>;
}

/** @param extraFlags added to the frame's own, e.g. the retransmission bit. */
export function encodeFrame(frame: Frame, extraFlags = 0): ArrayBuffer {
  const bytes = new ArrayBuffer(HEADER_BYTES + frame.pcm.byteLength);
  const view = new DataView(bytes);
  view.setUint8(0, TYPE_AUDIO);
  view.setUint8(1, CODEC_PCM16_16K);
  view.setUint16(2, frame.flags | extraFlags, true);
  view.setUint32(4, frame.seq, true);
  view.setBigUint64(8, BigInt(frame.samplePos), true);
  new Int16Array(bytes, HEADER_BYTES).set(frame.pcm);
  return bytes;
}
