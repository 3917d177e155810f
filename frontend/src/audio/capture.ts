import type { PcmFrame } from "./framer";
import workletUrl from "./capture.worklet.ts?worker&url";

/** Why a microphone could not be opened; each has words of its own in copy.ts. */
export type MicrophoneProblem = "denied" | "missing" | "busy" | "unsupported" | "lost" | "unknown";

export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem, options?: ErrorOptions) {
    super(`microphone: ${problem}`, options);
    this.name = "MicrophoneError";
  }
}

export interface Capture {
  /** Ends capture; resolves when the last, padded frame was delivered. Safe to call twice. */
  stop(): Promise<void>;
}

export interface CaptureHandlers {
  onFrame(frame: PcmFrame): void;
  /** The device went away while we listened (unplugged, taken, permission withdrawn). */
  onLost(): void;
}

const FLUSH_PATIENCE_MS = 500;

/** Opens the microphone at the device's own rate. Call from a click: the browser may prompt. */
export async function openMicrophone(handlers: CaptureHandlers): Promise<Capture> {
  if (!supported()) throw new MicrophoneError("unsupported");
  // Made inside the click, before any await, so that it is allowed to run.
  const context = new AudioContext();
  let stream: MediaStream | undefined;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
    await loadProcessor(context);
    await context.resume();
    return connect(context, stream, handlers);
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    await context.close();
    throw new MicrophoneError(problemOf(error), { cause: error });
  }
}

/** Its failure is a download that failed, though it carries the name of a busy device (AbortError). */
async function loadProcessor(context: AudioContext): Promise<void> {
  try {
    await context.audioWorklet.addModule(workletUrl);
  } catch (error) {
    throw new MicrophoneError("unknown", { cause: error });
  }
}

function supported(): boolean {
  return (
    typeof AudioContext !== "undefined" &&
    typeof AudioWorkletNode !== "undefined" &&
    // Missing on an insecure page.
    navigator.mediaDevices !== undefined
  );
}

function connect(context: AudioContext, stream: MediaStream, handlers: CaptureHandlers): Capture {
  const source = context.createMediaStreamSource(stream);
  const node = new AudioWorkletNode(context, "capture", { numberOfInputs: 1, numberOfOutputs: 1 });
  let flushed = (): void => undefined;
  node.port.onmessage = (event: MessageEvent<PcmFrame | "flushed">) => {
    if (event.data === "flushed") flushed();
    else handlers.onFrame(event.data);
  };
  source.connect(node);
  // A node that leads nowhere is not run by every browser; its output is silence.
  node.connect(context.destination);

  let stopping: Promise<void> | undefined;
  const track = stream.getAudioTracks()[0];
  track?.addEventListener("ended", () => {
    if (!stopping) handlers.onLost();
  });

  const stop = async (): Promise<void> => {
    const done = new Promise<void>((resolve) => {
      flushed = resolve;
      // A suspended context never answers; the microphone must close all the same.
      setTimeout(resolve, FLUSH_PATIENCE_MS);
    });
    source.disconnect();
    node.port.postMessage("flush");
    stream.getTracks().forEach((each) => each.stop());
    await done;
    node.port.onmessage = null;
    await context.close();
  };
  return { stop: () => (stopping ??= stop()) };
}

/** getUserMedia's error names, as the Media Capture specification lists them. */
export function problemOf(error: unknown): MicrophoneProblem {
  if (error instanceof MicrophoneError) return error.problem;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unknown";
  }
}
