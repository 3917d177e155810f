import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiProblem } from "../src/api/http";
import { type Api, Controller } from "../src/state/controller";
import type { ConsentKind } from "../src/api/types";
import { Store } from "../src/state/store";
import { fakeDoors, FakeSocket, may, snapshot, turn } from "./fakes";

vi.mock("../src/audio/capture", async (original) => ({
  ...(await original<typeof import("../src/audio/capture")>()),
  openMicrophone: vi.fn(async (handlers: { onFrame: (frame: unknown) => void }) => {
    for (let i = 0; i < 5; i += 1) handlers.onFrame({ pcm: new Int16Array(640), level: 0.1 });
    return { stop: async () => undefined };
  }),
}));

const story = snapshot({
  stage: "story",
  turns: [turn(1), turn(2), turn(3)],
  question: null,
  can: may({ type: true, speak: true, done: true, correct: true }),
});
let calls: { [Name in keyof Api]: ReturnType<typeof vi.fn> };
let store: Store;
let controller: Controller;
const none = new ApiProblem(0, "network", "");

beforeEach(async () => {
  vi.useFakeTimers();
  FakeSocket.all.length = 0;
  calls = {
    readFirm: vi.fn(async () => ({ name: "Harbor Law", accent: "#225577", locales: ["en"], notice: { version: "1", paragraphs: ["It is not a lawyer."] } })),
    currentIntake: vi.fn(async () => story),
    startIntake: vi.fn(async () => snapshot()),
    turnsAfter: vi.fn(async () => ({ turns: [], stage: "story", question: null, last_turn: 3 })),
    addTurn: vi.fn(async () => {
      const turns = [...story.turns, turn(4), turn(5)];
      return { turns: turns.slice(3), snapshot: { ...story, turns, last_turn: 5 } };
    }),
    finishStory: vi.fn(async () => ({})),
    sendIntake: vi.fn(async () => ({ reference: "HL-1" })),
    openVoice: vi.fn(),
    renewTicket: vi.fn(),
    leave: vi.fn(),
    consent: vi.fn(async (_intake: string, { kind, granted }: { kind: ConsentKind; granted: boolean }) => {
      const consents = { ...story.consents, [kind]: granted };
      return { ...story, consents };
    }),
    choose: vi.fn(async () => ({ turns: [turn(4), turn(5)], snapshot: { ...story, turns: [...story.turns, turn(4), turn(5)], last_turn: 5 } })),
    goBack: vi.fn(async () => story),
    switchLanguage: vi.fn(async () => ({ ...story, locale: "es" })),
    confirmAnswer: vi.fn(async () => story),
    laterChoices: vi.fn(async () => ({ ways: [], days: 14 })),
    offerLater: vi.fn(async () => ({ code: "7KQ-2X9-RDJ", expires_at: "2026-07-01T00:00:00Z", pin: true, link: null })),
    waysBack: vi.fn(async () => ({ ways: ["email"] })),
    sendBackCode: vi.fn(async () => null),
    comeBack: vi.fn(async () => ({ sent: false, reference: null, snapshot: story })),
  };
  store = new Store();
  controller = new Controller(store, calls as unknown as Api, fakeDoors());
  await controller.load();
});
afterEach(() => vi.useRealTimers());

describe("typed answers", () => {
  it("are sent again under the same reference after no answer, and shown once", async () => {
    calls.addTurn.mockRejectedValueOnce(none).mockRejectedValueOnce(new ApiProblem(503, "http_503", ""));
    controller.submit("hello");
    expect(store.get().pending.map((each) => each.text)).toEqual(["hello"]);
    await vi.advanceTimersByTimeAsync(4_000);
    const references = calls.addTurn.mock.calls.map(([, sent]) => (sent as { clientRef: string }).clientRef);
    expect(references).toHaveLength(3);
    expect(new Set(references).size).toBe(1);
    expect(store.get().pending).toEqual([]);
    expect(store.get().turns.map((each) => each.number)).toEqual([1, 2, 3, 4, 5]);
  });

  it("stay on the page with the reason when refused, without being tried again", async () => {
    calls.addTurn.mockRejectedValueOnce(new ApiProblem(409, "stage_closed", ""));
    controller.submit("too late");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(calls.addTurn).toHaveBeenCalledTimes(1);
    expect(store.get().pending).toMatchObject([{ text: "too late", failed: "stage_closed" }]);
  });

  it("keep their order when the first one is slow", async () => {
    calls.addTurn.mockRejectedValueOnce(none);
    controller.submit("first");
    controller.submit("second");
    await vi.advanceTimersByTimeAsync(5_000);
    const texts = calls.addTurn.mock.calls.map(([, sent]) => (sent as { text: string }).text);
    expect(texts).toEqual(["first", "first", "second"]);
  });
});

describe("looking", () => {
  it("fetches after the last turn without a gap, and the whole when something moved", async () => {
    store.dispatch({ type: "turns", turns: [turn(6)] });
    calls.turnsAfter.mockResolvedValueOnce({ turns: [turn(4), turn(5), turn(6)], stage: "review", question: null, last_turn: 6 });
    await controller.look();
    expect(calls.turnsAfter).toHaveBeenCalledWith("i1", 3);
    expect(calls.currentIntake).toHaveBeenCalledTimes(2);
    expect(store.get().turns).toHaveLength(6);
  });

  it("shares one look among many callers and is quiet about no answer", async () => {
    calls.turnsAfter.mockRejectedValue(none);
    await Promise.all([controller.look(), controller.look(), controller.look()]);
    expect(calls.turnsAfter).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(calls.turnsAfter).toHaveBeenCalledTimes(2);
    expect(store.get().problem).toBeNull();
  });

  it("shows no word any more of a conversation that went on elsewhere", async () => {
    calls.turnsAfter.mockRejectedValue(new ApiProblem(404, "no_intake", ""));
    await controller.look();
    const { phase, intake, turns, problem } = store.get();
    expect({ phase, intake, turns, problem }).toEqual({ phase: "welcome", intake: null, turns: [], problem: "moved_on" });
  });
});

describe("done", () => {
  const listening = async (): Promise<FakeSocket> => {
    controller.startVoice();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    FakeSocket.last.tell({ type: "session.created", session_id: "s1" });
    await vi.advanceTimersByTimeAsync(200);
    return FakeSocket.last;
  };

  it("waits until what was spoken is durable and has its words", async () => {
    const socket = await listening();
    expect(store.get().voice).toMatchObject({ phase: "on", link: "open" });
    socket.tell({ type: "input_audio_buffer.speech_started", item_id: "a" });
    void controller.done();
    await vi.advanceTimersByTimeAsync(500);
    expect(socket.types()).toContain("input_audio_buffer.commit");
    socket.ack(4);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(calls.finishStory).not.toHaveBeenCalled();
    socket.tell({ type: "conversation.item.input_audio_transcription.completed", item_id: "a", transcript: "he left" });
    socket.tell({ type: "turn", ...turn(4, { role: "client", text: "he left", item_id: "a" }) });
    socket.tell({ type: "input_audio_buffer.committed" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls.finishStory).toHaveBeenCalledTimes(1);
    expect(store.get().voice).toMatchObject({ phase: "off", captions: [] });
    expect(store.get().turns.at(-1)!.text).toBe("he left");
  });

  it("does not end the story while words are still on their way", async () => {
    await listening();
    void controller.done();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(calls.finishStory).not.toHaveBeenCalled();
    expect(store.get()).toMatchObject({ busy: false, problem: "still_coming" });
  });

  it("asks for a story first when there is none, in words", async () => {
    calls.currentIntake.mockResolvedValue({ ...story, can: { ...story.can, done: false } });
    await controller.done();
    expect(calls.finishStory).not.toHaveBeenCalled();
    expect(store.get().problem).toBe("nothing_said");
  });

  it("does not wait for speech that can no longer get through", async () => {
    (await listening()).end(4003);
    expect(store.get().voice).toMatchObject({ phase: "off", problem: "refused" });
    void controller.done();
    await vi.advanceTimersByTimeAsync(500);
    expect(calls.finishStory).toHaveBeenCalledTimes(1);
  });

  it("does not end the story over an answer that could not be sent", async () => {
    calls.addTurn.mockRejectedValue(new ApiProblem(400, "text_too_long", ""));
    controller.submit("very long");
    await controller.done();
    expect(calls.finishStory).not.toHaveBeenCalled();
    expect(store.get().problem).toBe("unsent");
  });
});

describe("leaving", () => {
  it("forgets the conversation, closes the microphone and goes", async () => {
    const go = vi.fn();
    controller.startVoice();
    await vi.advanceTimersByTimeAsync(0);
    controller.leave(go);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(go).toHaveBeenCalledOnce();
    expect(calls.leave).toHaveBeenCalledOnce();
    expect(store.get()).toMatchObject({ phase: "left", turns: [], intake: null });
    expect(store.get().voice.phase).toBe("off");
  });
});

describe("buttons", () => {
  it("are one press however often they are sent, and another one at the next question", async () => {
    calls.choose.mockRejectedValueOnce(none);
    await controller.choose("yes");
    expect(store.get().problem).toBe("network");
    await controller.choose("yes");
    await controller.choose("yes");
    const references = calls.choose.mock.calls.map(([, press]) => (press as { clientRef: string }).clientRef);
    expect(references[0]).toBe(references[1]);
    expect(references[2]).not.toBe(references[1]);
    expect(store.get().turns.map((each) => each.number)).toEqual([1, 2, 3, 4, 5]);
  });

  it("wait for what was typed before", async () => {
    const order: string[] = [];
    calls.addTurn.mockImplementationOnce(async () => {
      order.push("typed");
      return { turns: [], snapshot: story };
    });
    calls.choose.mockImplementationOnce(async () => {
      order.push("pressed");
      return { turns: [], snapshot: story };
    });
    controller.submit("hello");
    await controller.choose("@skip");
    expect(order).toEqual(["typed", "pressed"]);
  });
});

describe("languages", () => {
  it("the page speaks the one that the conversation is in", async () => {
    await controller.speak("es");
    expect(calls.readFirm).toHaveBeenLastCalledWith("es");
    expect(calls.switchLanguage).toHaveBeenCalledWith("i1", "es");
    expect(store.get().locale).toBe("es");
  });
});

describe("going on later", () => {
  afterEach(() => history.replaceState(null, "", "/"));

  it("takes a link's token out of the address at once, and shows nothing of the conversation before the proof", async () => {
    location.hash = "#resume=tok-en_1";
    store = new Store();
    controller = new Controller(store, calls as unknown as Api, fakeDoors());
    calls.currentIntake.mockClear();
    await controller.load();
    expect(location.href).not.toContain("tok-en_1");
    expect(calls.currentIntake).not.toHaveBeenCalled();
    expect(store.get()).toMatchObject({ phase: "returning", intake: null, turns: [] });
    await controller.comeBack("", { pin: "482917" });
    expect(calls.comeBack).toHaveBeenCalledWith({ token: "tok-en_1" }, { pin: "482917" });
    expect(store.get()).toMatchObject({ phase: "intake", intake: { stage: "story" } });
  });

  it("takes a link that is opened in a page that is there already", async () => {
    const stop = controller.watch();
    location.hash = "#resume=second";
    window.dispatchEvent(new HashChangeEvent("hashchange"));
    await vi.waitFor(() => expect(store.get().phase).toBe("returning"));
    expect(location.hash).toBe("");
    stop();
  });

  it("stays where it is when it was refused, and keeps what is needed for another try", async () => {
    await controller.startReturning();
    calls.comeBack.mockRejectedValueOnce(new ApiProblem(403, "resume_refused", ""));
    await controller.comeBack("7KQ-2X9-RDJ", { pin: "111222" });
    expect(store.get()).toMatchObject({ phase: "returning", problem: "resume_refused" });
    await controller.askForCode("7KQ-2X9-RDJ", "email");
    expect(calls.sendBackCode).toHaveBeenCalledWith({ code: "7KQ-2X9-RDJ" }, "email");
    expect(store.get().returning.asked).toBe(true);
  });

  it("tells of what was sent its reference alone", async () => {
    await controller.startReturning();
    calls.comeBack.mockResolvedValueOnce({ sent: true, reference: "7KQ2-X9RD", snapshot: null });
    await controller.comeBack("7KQ-2X9-RDJ", { pin: "482917" });
    expect(store.get()).toMatchObject({ phase: "sent_before", reference: "7KQ2-X9RD", intake: null, turns: [] });
  });

  it("forgets the code when the page is left", async () => {
    await controller.later();
    await controller.offerLater("482917", null);
    expect(store.get().offer?.code).toBe("7KQ-2X9-RDJ");
    controller.leave(() => undefined);
    expect(store.get().offer).toBeNull();
  });
});

describe("consents", () => {
  const opened = async (...agreed: Parameters<Controller["startVoice"]>): Promise<FakeSocket> => {
    const doors = fakeDoors();
    controller = new Controller(store, calls as unknown as Api, doors);
    controller.startVoice(...agreed);
    await vi.advanceTimersByTimeAsync(0);
    const asked = calls.consent.mock.invocationCallOrder;
    if (asked.length > 0) expect(Math.max(...asked)).toBeLessThan(doors.openSession.mock.invocationCallOrder[0]!);
    return FakeSocket.last;
  };

  it("reach the server before a voice session is asked for", async () => {
    await opened({ transcription: true, keepAudio: false });
    const told = { place: "microphone", wording: "2026-2" };
    expect(calls.consent.mock.calls).toEqual([
      ["i1", { kind: "transcription", granted: true, ...told }],
      ["i1", { kind: "keep_audio", granted: false, ...told }],
    ]);
    expect(store.get().voice.phase).toBe("on");
  });

  it("are told again when there was no answer, and nothing is sent before", async () => {
    calls.consent.mockRejectedValueOnce(none);
    controller.startVoice({ transcription: true, keepAudio: null });
    await vi.advanceTimersByTimeAsync(0);
    expect(FakeSocket.all).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls.consent).toHaveBeenCalledTimes(2);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("that are taken back close the microphone first and forget what was recorded", async () => {
    const socket = await opened(null);
    expect(calls.consent).not.toHaveBeenCalled();
    socket.open();
    socket.tell({ type: "session.created", session_id: "s1" });
    await vi.advanceTimersByTimeAsync(0);
    const sent = socket.frames.length;
    await controller.consent("transcription", false, "choices");
    expect(socket.closedWith).toBe(1000);
    expect(socket.frames).toHaveLength(sent);
    expect(store.get().voice.phase).toBe("off");
    expect(calls.consent).toHaveBeenLastCalledWith("i1", {
      kind: "transcription", granted: false, place: "choices", wording: "2026-2",
    });
    controller.startVoice({ transcription: true, keepAudio: null });
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    FakeSocket.last.tell({ type: "session.created", session_id: "s2" });
    await vi.advanceTimersByTimeAsync(200);
    expect(FakeSocket.last.frames.map((frame) => frame.seq)).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ["transcription_consent_required", "withdrawn"],
    ["language_not_heard", "language"],
  ])("say why the server closed the microphone: %s", async (code, problem) => {
    const socket = await opened(null);
    socket.open();
    socket.tell({ type: "session.created", session_id: "s1" });
    socket.tell({ type: "error", error: { code, message: "", fatal: true } });
    socket.end(4010);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get().voice).toMatchObject({ phase: "off", problem });
  });

  it("are of no use in a language that is not heard: the microphone closes with the switch", async () => {
    const socket = await opened(null);
    socket.open();
    socket.tell({ type: "session.created", session_id: "s1" });
    await vi.advanceTimersByTimeAsync(200);
    calls.switchLanguage.mockResolvedValueOnce({ ...story, locale: "es", can: may({ type: true }) });
    await controller.speak("es");
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get().voice.phase).toBe("stopping");
    expect(socket.types()).toContain("input_audio_buffer.commit");
  });

  it("to the service end the conversation", async () => {
    calls.consent.mockResolvedValueOnce({ ...story, stage: "stopped", can: may({}) });
    await controller.consent("service", false, "choices");
    expect(store.get().intake?.stage).toBe("stopped");
  });
});
