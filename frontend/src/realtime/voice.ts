import { type Capture, MicrophoneError, type MicrophoneProblem, openMicrophone } from "../audio/capture";
import type { PcmFrame } from "../audio/framer";
import { type Doors, type LinkEnd, type LinkState, RealtimeClient } from "./client";
import { type ServerEvent, TRANSCRIPTION } from "./events";
import { FLAG_FIRST_AFTER_UNMUTE } from "./frames";

export type VoiceProblem = MicrophoneProblem | LinkEnd | "full" | "unheard";
export type VoicePhase = "off" | "opening" | "on" | "stopping";

export interface VoiceHandlers {
  onPhase(phase: VoicePhase): void;
  onLink(state: LinkState): void;
  onProblem(problem: VoiceProblem): void;
  onEvent(event: ServerEvent): void;
  /** Loudness of the latest frame, 0..1; for the meter only. */
  onLevel(level: number): void;
}

export type OpenMicrophone = typeof openMicrophone;

const SETTLE_PATIENCE_MS = 20_000;
const SETTLE_LOOK_MS = 100;

/** Microphone and socket together: what the page's microphone button starts and stops. */
export class Voice {
  private readonly client: RealtimeClient;
  private capture: Capture | null = null;
  private phase: VoicePhase = "off";
  private stoppedAt: number | null = null;
  private firstFrame = true;

  constructor(
    private readonly doors: Doors,
    private readonly handlers: VoiceHandlers,
    private readonly open: OpenMicrophone = openMicrophone,
  ) {
    this.client = new RealtimeClient(doors, {
      onState: (state) => handlers.onLink(state),
      onEvent: (event) => this.take(event),
      onEnd: (reason) => void this.fail(reason),
    });
  }

  /** Opens the microphone first and the socket beside it: the first word waits in the ring. */
  async start(lastTurn: number): Promise<void> {
    if (this.phase !== "off") return;
    this.enter("opening");
    this.firstFrame = true;
    try {
      this.capture = await this.open({
        onFrame: (frame) => this.frame(frame),
        onLost: () => void this.fail("lost"),
      });
    } catch (error) {
      this.enter("off");
      this.handlers.onProblem(error instanceof MicrophoneError ? error.problem : "unknown");
      return;
    }
    this.enter("on");
    this.client.start(lastTurn);
  }

  /** Closes the microphone; what was said still becomes words. False: some of it is still on its way. */
  async stop(): Promise<boolean> {
    if (this.phase === "on") {
      this.enter("stopping");
      await this.release();
    }
    if (this.client.waiting) this.client.commit();
    const settled = await this.settled();
    if (this.phase === "stopping") this.enter("off");
    return settled;
  }

  /** Whether somebody is being listened to. */
  get isOn(): boolean {
    return this.phase === "on";
  }

  noteTurn(number: number): void {
    this.client.noteTurn(number);
  }

  hurry(): void {
    this.client.hurry();
  }

  /** Leaves at once, without waiting for anything. */
  async close(): Promise<void> {
    await this.release();
    this.client.close();
    this.enter("off");
  }

  /** Leaves at once and forgets what was recorded: it may not be turned into words any more. */
  async discard(): Promise<void> {
    this.client.discard();
    this.stoppedAt = null;
    await this.release();
    this.enter("off");
  }

  private frame(frame: PcmFrame): void {
    this.handlers.onLevel(frame.level);
    const again = this.firstFrame && this.stoppedAt !== null;
    if (again) this.client.skip(this.doors.now() - this.stoppedAt!);
    this.firstFrame = false;
    if (!this.client.push(frame.pcm, again ? FLAG_FIRST_AFTER_UNMUTE : 0) && this.phase === "on") void this.fail("full");
  }

  private take(event: ServerEvent): void {
    if (event.type === `${TRANSCRIPTION}.failed`) this.handlers.onProblem("unheard");
    this.handlers.onEvent(event);
  }

  private async fail(problem: VoiceProblem): Promise<void> {
    this.handlers.onProblem(problem);
    this.enter("off");
    await this.release();
    this.client.commit();
  }

  private async release(): Promise<void> {
    const capture = this.capture;
    this.capture = null;
    if (!capture) return;
    await capture.stop();
    this.stoppedAt = this.doors.now();
    this.handlers.onLevel(0);
  }

  /** Waits until the server has heard everything and told its words, or there is no way left to it. */
  private async settled(): Promise<boolean> {
    const begun = this.doors.now();
    while (this.client.waiting && this.client.running) {
      if (this.doors.now() - begun > SETTLE_PATIENCE_MS) return false;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_LOOK_MS));
    }
    return true;
  }

  private enter(phase: VoicePhase): void {
    this.phase = phase;
    this.handlers.onPhase(phase);
  }
}
