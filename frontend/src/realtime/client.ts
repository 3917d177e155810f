import { ApiProblem } from "../api/http";
import type { VoiceSession, VoiceTicket } from "../api/types";
import { afterClose } from "./closing";
import { parseEvent, type ServerEvent } from "./events";
import { encodeFrame, FLAG_RETRANSMISSION } from "./frames";
import { Pace, reconnectDelay } from "./pacing";
import { FrameRing } from "./ring";

export type LinkState = "idle" | "connecting" | "open" | "reconnecting";
export type LinkEnd = "replaced" | "refused" | "capacity" | "closed" | "withdrawn" | "language";

export interface LinkHandlers {
  onState(state: LinkState): void;
  onEvent(event: ServerEvent): void;
  /** Voice is over until the person starts it again; what was not yet durable is still in the ring. */
  onEnd(reason: LinkEnd): void;
}

/** What the client needs from outside; tests give their own. */
export interface Doors {
  openSession(): Promise<VoiceSession>;
  renewTicket(session: string): Promise<VoiceTicket>;
  socket(path: string, protocols: string[]): WebSocket;
  now(): number;
  random(): number;
}

const DEFAULT_WINDOW = 100;
const PING_MS = 4_000;
const SILENT_SERVER_MS = 12_000;
const PUMP_MS = 10;
const SLOW_DOWN_MS = 5_000;
const MOST_BUFFERED_BYTES = 128 * 1024;
const MOST_RENEWALS = 3;

/**
 * One voice session over as many sockets as it takes. Frames wait in the ring until the server has
 * them in its journal; a new socket says where it stands and goes on from what the server expects.
 */
export class RealtimeClient {
  private ring = new FrameRing();
  private session: VoiceSession | null = null;
  /** The ticket that came with the session serves its first socket only. */
  private firstTicketUsed = false;
  private introduced = false;
  private socket: WebSocket | null = null;
  private ready = false;
  private cursor = 0;
  private durable = -1;
  private window = DEFAULT_WINDOW;
  private catchUpUntil = 0;
  private commitWanted = false;
  /** The ring's nextSeq when a commit was last sent: it may have been lost with its socket. */
  private committedAt = -1;
  /** Everything before this number has become words. */
  private heardUpTo = 0;
  private attempt = 0;
  private renewals = 0;
  /** The code of the server's last fatal error: it says more than the close code. */
  private lastWord = "";
  private active = false;
  private lastHeard = 0;
  private lastTurn = 0;
  private pace: Pace;
  private pumpTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly doors: Doors,
    private readonly handlers: LinkHandlers,
  ) {
    this.pace = new Pace(doors.now);
  }

  /**
   * Something was recorded that the server has not said to have heard. The ring does not tell: what is
   * durable may still have to become words, and the last half second is held back, undecided.
   */
  get waiting(): boolean {
    return this.ring.nextSeq > this.heardUpTo;
  }

  /** Connected or trying to be. When not, nothing that waits can move. */
  get running(): boolean {
    return this.active;
  }

  /** Connects, or does nothing when connected or about to be. */
  start(lastTurn: number): void {
    this.lastTurn = Math.max(this.lastTurn, lastTurn);
    if (this.active) return;
    this.active = true;
    this.attempt = 0;
    this.renewals = 0;
    void this.connect();
  }

  /** Takes a frame, connected or not. False: 30 s wait unsent and this frame was not taken. */
  push(pcm: Int16Array<ArrayBuffer>, flags = 0): boolean {
    const frame = this.ring.push(pcm, flags);
    if (!frame) return false;
    this.commitWanted = false;
    this.pump();
    return true;
  }

  /** Lets the audio clock pass over time in which the microphone was closed. */
  skip(milliseconds: number): void {
    this.ring.skip(milliseconds);
  }

  /** The person stopped: end the utterance once all that was recorded is sent. */
  commit(): void {
    this.commitWanted = true;
    this.pump();
  }

  noteTurn(number: number): void {
    this.lastTurn = Math.max(this.lastTurn, number);
  }

  /** The network is back: do not sit out the rest of a delay. */
  hurry(): void {
    if (this.retryTimer === undefined) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    void this.connect();
  }

  /** Ends the session, and forgets everything that was recorded and not heard: the person took their agreement back. */
  discard(): void {
    this.close();
    this.introduced = false;
    this.forgetAudio();
  }

  /** Ends the session for good. */
  close(): void {
    if (this.ready) this.say({ type: "session.close" });
    this.end();
    this.session = null;
  }

  private async connect(): Promise<void> {
    this.handlers.onState(this.introduced ? "reconnecting" : "connecting");
    let protocols: string[];
    try {
      protocols = await this.protocols();
    } catch (error) {
      if (this.active) this.ticketFailed(error);
      return;
    }
    if (!this.active || !this.session) return;
    this.attach(this.doors.socket(this.session.ws_path, protocols));
  }

  private async protocols(): Promise<string[]> {
    if (!this.session) {
      this.session = await this.doors.openSession();
      this.firstTicketUsed = false;
      this.introduced = false;
    }
    if (!this.firstTicketUsed) {
      this.firstTicketUsed = true;
      return this.session.protocols;
    }
    return (await this.doors.renewTicket(this.session.session_id)).protocols;
  }

  private ticketFailed(error: unknown): void {
    const problem = error instanceof ApiProblem ? error : null;
    if (problem?.status === 503 && !this.session) this.stopWith("capacity");
    else if (problem?.status === 404 && this.session) this.restart();
    else if (problem?.status === 409) this.stopWith("closed");
    else if (!problem || problem.passing) this.retry(reconnectDelay(this.attempt, this.doors.random));
    else this.stopWith("refused");
  }

  private attach(socket: WebSocket): void {
    this.socket = socket;
    this.ready = false;
    this.lastWord = "";
    this.lastHeard = this.doors.now();
    const resuming = this.introduced;
    socket.onopen = () => {
      if (resuming) this.sayResume();
    };
    socket.onmessage = (message) => {
      this.lastHeard = this.doors.now();
      const event = parseEvent(message.data);
      if (event) this.take(event);
    };
    socket.onclose = (close) => {
      this.detach();
      if (this.active) this.closed(close.code);
    };
    this.pingTimer = setInterval(() => this.beat(), PING_MS);
  }

  private detach(): void {
    clearInterval(this.pingTimer);
    clearTimeout(this.pumpTimer);
    this.pumpTimer = undefined;
    this.ready = false;
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket = null;
  }

  private sayResume(): void {
    this.say({
      type: "session.resume",
      session_id: this.session?.session_id,
      resume_token: this.session?.resume_token,
      last_turn: this.lastTurn,
      next_audio_seq: this.ring.nextSeq,
      oldest_buffered_seq: this.ring.oldestSeq,
    });
  }

  private take(event: ServerEvent): void {
    switch (event.type) {
      case "session.created":
        // Also sent ahead of session.resumed on a reconnect; then only the latter opens the way.
        if (this.introduced) return;
        this.introduced = true;
        this.begin(this.ring.oldestSeq);
        break;
      case "session.resumed":
        this.catchUpUntil = this.ring.nextSeq;
        this.begin(event.next_expected_seq);
        break;
      case "input_audio_buffer.ack":
        this.durable = Math.max(this.durable, event.durable_seq);
        if (event.window !== undefined) this.window = event.window;
        this.ring.freeThrough(event.durable_seq);
        this.pump();
        break;
      case "input_audio_buffer.committed":
        this.heardUpTo = Math.max(this.heardUpTo, this.committedAt);
        break;
      case "error":
        if (event.error.fatal) this.lastWord = event.error.code;
        if (event.error.code === "sequence_gap") this.drop();
        break;
      case "turn":
        this.noteTurn(event.number);
        break;
      default:
        break;
    }
    this.handlers.onEvent(event);
  }

  private begin(expected: number): void {
    this.cursor = Math.min(Math.max(expected, this.ring.oldestSeq), this.ring.nextSeq);
    this.pace = new Pace(this.doors.now);
    this.commitWanted ||= this.waiting && this.committedAt === this.ring.nextSeq;
    this.ready = true;
    this.attempt = 0;
    this.renewals = 0;
    this.handlers.onState("open");
    this.pump();
  }

  private pump(): void {
    clearTimeout(this.pumpTimer);
    this.pumpTimer = undefined;
    if (!this.ready || !this.socket) return;
    while (this.cursor < this.ring.nextSeq) {
      if (!this.mayGo(this.socket)) {
        this.pumpTimer = setTimeout(() => this.pump(), PUMP_MS);
        return;
      }
      const frame = this.ring.get(this.cursor);
      if (frame) this.socket.send(encodeFrame(frame, this.cursor < this.catchUpUntil ? FLAG_RETRANSMISSION : 0));
      this.cursor += 1;
    }
    if (this.commitWanted) {
      this.commitWanted = false;
      this.committedAt = this.ring.nextSeq;
      this.say({ type: "input_audio_buffer.commit" });
    }
  }

  private mayGo(socket: WebSocket): boolean {
    const inFlight = this.cursor - (this.durable + 1);
    return inFlight < this.window && socket.bufferedAmount < MOST_BUFFERED_BYTES && this.pace.take();
  }

  private say(message: Record<string, unknown>): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ event_id: crypto.randomUUID(), ...message }));
  }

  private beat(): void {
    if (this.doors.now() - this.lastHeard > SILENT_SERVER_MS) this.drop();
    else this.say({ type: "ping", t: Math.round(this.doors.now()) });
  }

  /** Leaves a socket that is no use without waiting for its closing handshake, and comes back. */
  private drop(): void {
    const socket = this.socket;
    this.detach();
    socket?.close();
    this.retry(reconnectDelay(this.attempt, this.doors.random));
  }

  private closed(code: number): void {
    const delay = reconnectDelay(this.attempt, this.doors.random);
    switch (afterClose(code)) {
      case "resume":
        return this.retry(delay);
      case "slow":
        return this.retry(Math.max(delay, SLOW_DOWN_MS));
      case "renew":
        this.renewals += 1;
        return this.renewals > MOST_RENEWALS ? this.stopWith("refused") : this.retry(delay);
      case "restart":
        return this.restart();
      case "idle":
      case "done":
        // With speech still to deliver there is no rest: a new socket, or else a new session.
        if (this.waiting) return code === 1000 ? this.restart() : this.retry(delay);
        if (code === 1000) this.forgetSession();
        return this.end();
      case "closed":
        this.forgetSession();
        if (this.lastWord === "transcription_consent_required") {
          this.forgetAudio();
          return this.stopWith("withdrawn");
        }
        if (this.lastWord === "language_not_heard") return this.stopWith("language");
        return this.waiting ? this.stopWith("closed") : this.end();
      case "replaced":
        return this.stopWith("replaced");
      case "refused":
        return this.stopWith("refused");
    }
  }

  /** The session is gone: a new one takes over everything that is not yet durable. */
  private restart(): void {
    this.forgetSession();
    this.retry(reconnectDelay(this.attempt, this.doors.random));
  }

  private forgetSession(): void {
    this.session = null;
    this.introduced = false;
    this.commitWanted ||= this.waiting && this.committedAt === this.ring.nextSeq;
    this.heardUpTo = Math.max(0, this.heardUpTo - this.ring.oldestSeq);
    this.committedAt = -1;
    this.ring.rebase();
    this.durable = -1;
    this.cursor = 0;
    this.catchUpUntil = 0;
    this.window = DEFAULT_WINDOW;
  }

  private forgetAudio(): void {
    this.ring = new FrameRing();
    this.heardUpTo = 0;
    this.committedAt = -1;
    this.commitWanted = false;
    this.durable = -1;
    this.cursor = 0;
    this.catchUpUntil = 0;
  }

  private retry(delay: number): void {
    this.handlers.onState("reconnecting");
    this.attempt += 1;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      void this.connect();
    }, delay);
  }

  private stopWith(reason: LinkEnd): void {
    this.end();
    this.handlers.onEnd(reason);
  }

  private end(): void {
    this.active = false;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    const socket = this.socket;
    this.detach();
    socket?.close(1000);
    this.handlers.onState("idle");
  }
}
