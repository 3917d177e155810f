import { ApiProblem } from "../api/http";
import * as api from "../api/intakes";
import type { ConsentKind, VoiceSession, Way, WayBack } from "../api/types";
import { EXIT_URL, LOOK_AGAIN_MS } from "../config";
import { preferred } from "../copy";
import type { Doors } from "../realtime/client";
import { Voice } from "../realtime/voice";
import type { Pending } from "./reducer";
import type { Store } from "./store";
import { lastWithoutGap } from "./turns";

export type Api = typeof api;

const RETRY_DELAYS_MS = [1_000, 2_000, 4_000];
const GATHER_MS = 120;

/** What opening the microphone agreed to. `keepAudio` is null where that was not asked. */
export interface AgreedToSpeak {
  transcription: boolean;
  keepAudio: boolean | null;
}

/** What the person can do, and what happens by itself. Holds no state of its own worth showing. */
export class Controller {
  readonly voice: Voice;
  private meter: (level: number) => void = () => undefined;
  private looking: Promise<void> | null = null;
  private lookAgain = false;
  private gathering: ReturnType<typeof setTimeout> | undefined;
  /** Typed answers go one after the other, or two quick ones could change places. */
  private outbox: Promise<void> = Promise.resolve();
  private press = { name: "", ref: "" };
  /** Of the link that this page was opened with, until somebody has come back by it. */
  private token = "";
  /** What the person agreed to when they opened the microphone, until the server has it. */
  private agreed: AgreedToSpeak | null = null;

  constructor(
    private readonly store: Store,
    private readonly calls: Api = api,
    doors: Doors = browserDoors(store, calls),
  ) {
    const openSession = async (): Promise<VoiceSession> => {
      await this.tellAgreed();
      return doors.openSession();
    };
    this.voice = new Voice({ ...doors, openSession }, {
      onPhase: (phase) => store.dispatch({ type: "voice_phase", phase }),
      onLink: (link) => {
        store.dispatch({ type: "voice_link", link });
        if (link === "open") void this.look(); // what was said while we were away
      },
      onProblem: (problem) => store.dispatch({ type: "voice_problem", problem }),
      onLevel: (level) => this.meter(level),
      onEvent: (event) => {
        if (event.type === "turn") {
          store.dispatch({ type: "turns", turns: [event] });
          this.lookSoon();
        } else store.dispatch({ type: "voice_event", event });
      },
    });
  }

  setMeter(meter: (level: number) => void): void {
    this.meter = meter;
  }

  async load(): Promise<void> {
    const locale = preferred(navigator.languages);
    this.store.dispatch({ type: "spoken", locale });
    this.token ||= takeToken();
    try {
      const current = this.token ? Promise.resolve(null) : this.calls.currentIntake();
      const [firm, snapshot] = await Promise.all([this.calls.readFirm(locale), current]);
      this.store.dispatch({ type: "loaded", firm, snapshot });
      if (this.token) await this.startReturning(this.token);
    } catch (error) {
      this.store.dispatch({ type: "load_failed", code: codeOf(error) });
    }
  }

  begin(): Promise<void> {
    return this.ask(async () => {
      const { locale, firm } = this.store.get();
      const wording = firm?.agreements?.version;
      this.store.dispatch({ type: "snapshot", snapshot: await this.calls.startIntake(locale, wording) });
    });
  }

  /** Gives a consent, or takes it back. Taking back what the microphone needs closes it first. */
  consent(kind: ConsentKind, granted: boolean, place: "talk" | "choices"): Promise<void> {
    return this.ask(async (intake) => {
      if (!granted && (kind === "transcription" || kind === "service")) {
        this.agreed = null;
        await this.voice.discard();
      }
      const snapshot = await this.calls.consent(intake, { kind, granted, place, wording: this.wording });
      this.store.dispatch({ type: "snapshot", snapshot });
    });
  }

  /** The page on which somebody proves who they are, to go on; `token` came with a link. */
  startReturning(token = ""): Promise<void> {
    void this.voice.close();
    return this.ask(async () => {
      const { ways } = await this.calls.waysBack();
      this.store.dispatch({ type: "returning", token, ways });
    });
  }

  /** Has a code sent. The page is told nothing of whether it went. */
  askForCode(code: string, way: Way): Promise<void> {
    return this.ask(async () => {
      await this.calls.sendBackCode(this.wayBack(code), way);
      this.store.dispatch({ type: "code_asked" });
    });
  }

  comeBack(code: string, proof: { pin: string } | { one_time_code: string }): Promise<void> {
    return this.ask(async () => {
      const { snapshot, reference } = await this.calls.comeBack(this.wayBack(code), proof);
      this.token = "";
      this.store.dispatch(snapshot ? { type: "snapshot", snapshot } : { type: "sent_before", reference });
    });
  }

  /** What can be chosen to come back with. */
  later(): Promise<void> {
    return this.ask(async (intake) => {
      this.store.dispatch({ type: "later", later: await this.calls.laterChoices(intake) });
    });
  }

  /** Stays after all. */
  stay(): void {
    this.store.dispatch({ type: "later", later: null });
  }

  offerLater(pin: string, link: Way | null): Promise<void> {
    return this.ask(async (intake) => {
      await this.outbox; // what was typed last is to be there
      this.store.dispatch({ type: "offered", offer: await this.calls.offerLater(intake, pin, link) });
    });
  }

  private wayBack(code: string): WayBack {
    const { token } = this.store.get().returning;
    return token ? { token } : { code };
  }

  /** Another language from now on: of the notice before the start, of the whole conversation after it. */
  speak(locale: string): Promise<void> {
    return this.ask(async (intake) => {
      const firm = await this.calls.readFirm(locale);
      this.store.dispatch({ type: "spoken", locale, firm });
      if (intake !== "") {
        const snapshot = await this.calls.switchLanguage(intake, locale);
        this.store.dispatch({ type: "snapshot", snapshot });
        if (!snapshot.can.speak && this.voice.isOn) this.stopVoice();
      }
    });
  }

  submit(text: string, supersedes: number | null = null): void {
    this.deliver({ clientRef: crypto.randomUUID(), text, supersedes });
  }

  /** A new answer to a question that has one. */
  replace(key: string, text: string): void {
    this.deliver({ clientRef: crypto.randomUUID(), text, supersedes: null, about: key });
  }

  /** Presses a button under the open question; pressed again after a lost answer, it is the same press. */
  choose(code: string): Promise<void> {
    return this.ask(async (intake) => {
      await this.outbox;
      const now = this.store.get().intake;
      const question = now?.question?.key ?? "";
      const press = `${intake} ${now?.last_turn} ${question} ${code}`;
      if (this.press.name !== press) this.press = { name: press, ref: crypto.randomUUID() };
      const { turns, snapshot } = await this.calls.choose(intake, { question, code, clientRef: this.press.ref });
      this.store.dispatch({ type: "snapshot", snapshot });
      this.store.dispatch({ type: "turns", turns });
    });
  }

  back(): Promise<void> {
    return this.ask(async (intake) => {
      await this.outbox;
      this.store.dispatch({ type: "snapshot", snapshot: await this.calls.goBack(intake) });
    });
  }

  confirm(key: string): Promise<void> {
    return this.ask(async (intake) => {
      await this.outbox;
      this.store.dispatch({ type: "snapshot", snapshot: await this.calls.confirmAnswer(intake, key) });
    });
  }

  /** Sends the same words under the same reference: if they did arrive, they are not doubled. */
  retry(pending: Pending): void {
    this.deliver(pending);
  }

  drop(pending: Pending): void {
    this.store.dispatch({ type: "dropped", clientRef: pending.clientRef });
  }

  /** @param agreed what the person agreed to by opening the microphone; null where they had before. */
  startVoice(agreed: AgreedToSpeak | null = null): void {
    this.agreed = agreed;
    void this.voice.start(lastWithoutGap(this.store.get().turns));
  }

  stopVoice(): void {
    void this.voice.stop();
  }

  /** Ends the story, but never before the last spoken and typed words are in it. */
  done(): Promise<void> {
    return this.ask(async (intake) => {
      if (!(await this.voice.stop())) throw new ApiProblem(0, "still_coming", "");
      await this.outbox;
      if (this.store.get().pending.length > 0) throw new ApiProblem(0, "unsent", "");
      await this.refresh();
      if (!this.store.get().intake?.can.done) throw new ApiProblem(0, "nothing_said", "");
      await this.calls.finishStory(intake);
      await this.refresh();
    });
  }

  send(): Promise<void> {
    return this.ask(async (intake) => {
      await this.outbox;
      await this.calls.sendIntake(intake);
      await this.refresh();
    });
  }

  /** Back to the notice; the conversation that was sent stays with the firm. */
  another(): void {
    void this.voice.close();
    this.token = "";
    this.store.dispatch({ type: "another" });
  }

  /** Forgets what this page holds and is gone; the history of the browser is not ours to change. */
  leave(go: (url: string) => void = (url) => location.replace(url)): void {
    void this.voice.close();
    this.calls.leave();
    this.store.dispatch({ type: "left" });
    go(EXIT_URL);
  }

  /** Keeps the page true to the server while nothing else tells it. Returns how to stop. */
  watch(): () => void {
    const visible = (): void => {
      if (document.visibilityState === "visible") void this.look();
    };
    const online = (): void => {
      this.voice.hurry();
      void this.look();
    };
    const timer = setInterval(() => {
      if (this.store.get().voice.link !== "open") visible();
    }, LOOK_AGAIN_MS);
    const linked = (): void => {
      const token = takeToken();
      if (!token) return;
      this.token = token;
      void this.startReturning(token);
    };
    addEventListener("hashchange", linked);
    document.addEventListener("visibilitychange", visible);
    addEventListener("focus", visible);
    addEventListener("online", online);
    return () => {
      clearInterval(timer);
      removeEventListener("hashchange", linked);
      document.removeEventListener("visibilitychange", visible);
      removeEventListener("focus", visible);
      removeEventListener("online", online);
    };
  }

  /** Fetches the turns we have not seen; calls that come meanwhile share one more look. */
  look(): Promise<void> {
    if (this.looking) {
      this.lookAgain = true;
      return this.looking;
    }
    this.looking = this.lookOnce().finally(() => {
      this.looking = null;
      if (!this.lookAgain) return;
      this.lookAgain = false;
      this.lookSoon();
    });
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    const { intake, turns } = this.store.get();
    if (!intake) return;
    try {
      const news = await this.calls.turnsAfter(intake.id, lastWithoutGap(turns));
      this.store.dispatch({ type: "turns", turns: news.turns });
      this.voice.noteTurn(lastWithoutGap(this.store.get().turns));
      const moved =
        news.stage !== intake.stage ||
        news.question?.key !== intake.question?.key ||
        news.last_turn !== intake.last_turn;
      if (moved) await this.refresh();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      if (error.code === "no_intake" && this.store.get().intake?.id === intake.id) this.gone();
      // Else the next look, at most ten seconds away, will do; nothing the person did has failed.
    }
  }

  /** It goes on in another browser, or this one's cookie has ended: nobody reads here any more what was said. */
  private gone(): void {
    this.another();
    this.store.dispatch({ type: "answered", problem: "moved_on" });
  }

  private get wording(): string | undefined {
    return this.store.get().intake?.agreements?.version;
  }

  /** The microphone is open by now, which needs the person's own press; nothing is sent before this has arrived. */
  private async tellAgreed(): Promise<void> {
    const { agreed } = this;
    const intake = this.store.get().intake?.id;
    if (!agreed || intake === undefined) return;
    const told = { place: "microphone", wording: this.wording };
    const tell = async (kind: ConsentKind, granted: boolean): Promise<void> =>
      this.store.dispatch({ type: "snapshot", snapshot: await this.calls.consent(intake, { kind, granted, ...told }) });
    if (agreed.transcription) await tell("transcription", true);
    if (agreed.keepAudio !== null) await tell("keep_audio", agreed.keepAudio);
    this.agreed = null;
  }

  private lookSoon(): void {
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => void this.look(), GATHER_MS);
  }

  private async refresh(): Promise<void> {
    const snapshot = await this.calls.currentIntake();
    if (!snapshot) throw new ApiProblem(404, "no_intake", "");
    this.store.dispatch({ type: "snapshot", snapshot });
    if (!snapshot.can.speak && this.voice.isOn) this.stopVoice();
  }

  private deliver(pending: Omit<Pending, "failed">): void {
    this.store.dispatch({ type: "submitted", pending });
    this.outbox = this.outbox.then(() => this.deliverOne(pending));
  }

  private async deliverOne(pending: Omit<Pending, "failed">): Promise<void> {
    const { intake } = this.store.get();
    if (!intake) return;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { turns, snapshot } = await this.calls.addTurn(intake.id, pending);
        this.store.dispatch({ type: "dropped", clientRef: pending.clientRef });
        this.store.dispatch({ type: "snapshot", snapshot });
        this.store.dispatch({ type: "turns", turns });
        return;
      } catch (error) {
        const delay = RETRY_DELAYS_MS[attempt];
        const again = error instanceof ApiProblem && error.passing && delay !== undefined;
        if (!again) {
          this.store.dispatch({ type: "submit_failed", clientRef: pending.clientRef, code: codeOf(error) });
          void this.look();
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }

  private async ask(what: (intake: string) => Promise<void>): Promise<void> {
    if (this.store.get().busy) return;
    this.store.dispatch({ type: "asked" });
    try {
      await what(this.store.get().intake?.id ?? "");
      this.store.dispatch({ type: "answered", problem: null });
    } catch (error) {
      this.store.dispatch({ type: "answered", problem: codeOf(error) });
      void this.look();
    }
  }
}

/** The token of a link, taken out of the address at once: neither a bookmark nor a look at it shall keep it. */
function takeToken(): string {
  const found = /^#resume=([\w-]{1,100})$/.exec(location.hash);
  if (!found) return "";
  history.replaceState(null, "", location.pathname);
  return found[1] ?? "";
}

function codeOf(error: unknown): string {
  return error instanceof ApiProblem ? error.code : "unexpected";
}

function browserDoors(store: Store, calls: Api): Doors {
  return {
    openSession: () => calls.openVoice(store.get().intake?.id ?? ""),
    renewTicket: (session) => calls.renewTicket(session),
    socket: (path, protocols) => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      return new WebSocket(`${scheme}://${location.host}${path}`, protocols);
    },
    now: () => performance.now(),
    random: Math.random,
  };
}
