import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import { stateWords } from "../src/components/VoicePanel";
import * as copy from "../src/copy";
import type { Controller } from "../src/state/controller";
import { initialState } from "../src/state/reducer";
import { Store } from "../src/state/store";
import { agreement, agreements, may, snapshot, turn } from "./fakes";

const firm = { name: "Harbor Law", accent: "#225577", locales: ["en"], notice: { version: "1", paragraphs: ["It is not a lawyer."] } };
const names = ["begin", "submit", "retry", "drop", "startVoice", "stopVoice", "done", "send", "leave", "load", "setMeter", "speak", "choose", "back", "confirm", "replace", "consent", "another"] as const;
let controller: Record<(typeof names)[number], ReturnType<typeof vi.fn>>;
let store: Store;

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  vi.stubGlobal("scrollTo", () => undefined);
  Element.prototype.scrollIntoView = () => undefined;
  store = new Store();
  controller = Object.fromEntries(names.map((name) => [name, vi.fn(async () => undefined)])) as typeof controller;
  render(<App store={store} controller={{ ...controller, watch: () => () => undefined } as unknown as Controller} />);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** What the store does outside a click reaches the page at React's next turn. */
const show = async (given: ReturnType<typeof snapshot> | null): Promise<void> => {
  store.dispatch({ type: "loaded", firm, snapshot: given });
  await screen.findByRole("heading", { level: 1 });
};

describe("following the conversation", () => {
  it("brings what was said last to the top, so that the question is seen", async () => {
    const came: [string, unknown][] = [];
    Element.prototype.scrollIntoView = function (this: Element, how) {
      came.push([this.textContent ?? "", how]);
    };
    await show(snapshot({ turns: [turn(1)] }));
    expect(came).toEqual([]);
    store.dispatch({ type: "turns", turns: [turn(2), turn(3, { text: "Who is on the other side?" })] });
    await screen.findByText("Who is on the other side?");
    expect(came).toHaveLength(1);
    expect(came[0]![0]).toContain("Who is on the other side?");
    expect(came[0]![1]).toMatchObject({ block: "start" });
  });
});

describe("with the keyboard alone", () => {
  const one = { key: "has_lawyer", kind: "yes_no", text: "A lawyer?", help: null, choices: [{ code: "no", label: "No" }] };
  const two = { key: "phone", kind: "phone", text: "Your number?", help: null, choices: [] };
  const at = (question: typeof one | typeof two, turns = [turn(1)]): ReturnType<typeof snapshot> =>
    snapshot({ stage: "basics", question, turns, can: may({ type: true, choose: true }) } as Parameters<typeof snapshot>[0]);
  const reply = async (): Promise<void> => {
    store.dispatch({ type: "asked" });
    store.dispatch({ type: "snapshot", snapshot: at(two, [turn(1), turn(2), turn(3, { text: "Your number?" })]) });
    store.dispatch({ type: "answered", problem: null });
    await screen.findByText("Your number?");
  };

  it("stands at the next answer after a button, not at the top of the page", async () => {
    await show(at(one));
    screen.getByRole("button", { name: "No" }).focus();
    await userEvent.keyboard("{Enter}");
    await reply();
    expect(document.activeElement).toBe(screen.getByLabelText(copy.composer.label));
  });

  it("and whoever touched the button gets no keyboard over the question", async () => {
    await show(at(one));
    await userEvent.click(screen.getByRole("button", { name: "No" }));
    await reply();
    expect(document.activeElement).toBe(document.body);
  });
});

describe("before any input", () => {
  it("says what this is, and asks for nothing but what is needed to go on, in the server's words", async () => {
    const agreements = { version: "2026-2", items: [agreement("service", { text: "I want this." }), agreement("sms")] };
    store.dispatch({ type: "loaded", firm: { ...firm, agreements }, snapshot: null });
    await screen.findByRole("heading", { level: 1 });
    expect(screen.getAllByRole("checkbox")).toHaveLength(1);
    expect((screen.getByLabelText("I want this.") as HTMLInputElement).checked).toBe(false);
    expect(document.querySelector(".notice")!.textContent).toContain("not a lawyer");
    expect(screen.queryByRole("textbox")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: copy.welcome.start }));
    expect(controller.begin).not.toHaveBeenCalled();
    expect(screen.getByRole("alert").textContent).toBe(copy.welcome.needService);
    expect(document.activeElement).toBe(screen.getByLabelText("I want this."));
    await userEvent.keyboard(" {Tab}{Enter}");
    expect(controller.begin).toHaveBeenCalledOnce();
  });

  it("has the way out first for the keyboard", async () => {
    await show(null);
    await userEvent.tab();
    expect(document.activeElement!.textContent).toBe(copy.exit.button);
    await userEvent.keyboard("{Enter}");
    expect(controller.leave).toHaveBeenCalled();
  });
});

describe("conversation", () => {
  const story = snapshot({
    stage: "story",
    question: { key: "story", text: "What happened?", kind: "story", help: null, choices: [] },
    can: may({ type: true, speak: true, done: true, correct: true }),
    turns: [turn(1, { text: "What is your full name?" }), turn(2, { text: "Ana Bell" }), turn(3, { text: "What happened?" })],
  });

  it("announces finished turns politely and keeps captions out of it", async () => {
    await show(story);
    store.dispatch({ type: "voice_phase", phase: "on" });
    store.dispatch({
      type: "voice_event",
      event: { type: "conversation.item.input_audio_transcription.partial", item_id: "a", revision: 1, text: "he was" },
    });
    const caption = await screen.findByText("he was");
    const log = screen.getByRole("log");
    expect(log.getAttribute("aria-live")).toBe("polite");
    expect(log.contains(caption)).toBe(false);
    expect(caption.closest("[aria-live], [role=status], [role=alert], [role=log]")).toBeNull();
  });

  it("explains before the microphone opens, and lets the person go on typing", async () => {
    await show(story);
    await userEvent.click(screen.getByRole("button", { name: copy.composer.speak }));
    expect(controller.startVoice).not.toHaveBeenCalled();
    expect(screen.getByText("May we transcription?")).toBeTruthy();
    expect((screen.getByLabelText("May we keep_audio?") as HTMLInputElement).checked).toBe(false);
    await userEvent.click(screen.getByRole("button", { name: copy.voice.keepTyping }));
    await userEvent.click(screen.getByRole("button", { name: copy.composer.speak }));
    await userEvent.click(screen.getByRole("button", { name: copy.voice.agreeAndOpen }));
    expect(controller.startVoice).toHaveBeenCalledExactlyOnceWith({ transcription: true, keepAudio: false });
  });

  it("keeps a recording only where its box was ticked, and asks for nothing twice", async () => {
    await show(story);
    await userEvent.click(screen.getByRole("button", { name: copy.composer.speak }));
    await userEvent.click(screen.getByLabelText("May we keep_audio?"));
    await userEvent.click(screen.getByRole("button", { name: copy.voice.agreeAndOpen }));
    expect(controller.startVoice).toHaveBeenLastCalledWith({ transcription: true, keepAudio: true });
    const given = agreements(agreement("transcription", { given: true }), agreement("keep_audio", { given: true }));
    const consents = { service: true, transcription: true, keep_audio: true };
    store.dispatch({ type: "snapshot", snapshot: { ...story, agreements: given, consents } });
    await userEvent.click(await screen.findByRole("button", { name: copy.composer.speak }));
    expect(controller.startVoice).toHaveBeenLastCalledWith(null);
  });

  it("says kindly why there is no microphone in a language that is not heard", async () => {
    const text = "El micrófono todavía no entiende español.";
    const can = may({ type: true, done: true, correct: true });
    await show(snapshot({ ...story, can, microphone: { offered: false, reason: "language_not_heard", text } }));
    expect(screen.getByText(text)).toBeTruthy();
    expect(screen.queryByRole("button", { name: copy.composer.speak })).toBeNull();
  });

  it("asks for what matters from now on, with two answers of the same weight", async () => {
    await show(snapshot({ ...story, agreements: agreements(agreement("sms", { ask: true })) }));
    const region = screen.getByRole("region", { name: "May we sms?" });
    await userEvent.click(within(region).getByRole("button", { name: copy.agreements.no }));
    expect(controller.consent).toHaveBeenLastCalledWith("sms", false, "talk");
    await userEvent.click(within(region).getByRole("button", { name: copy.agreements.yes }));
    expect(controller.consent).toHaveBeenLastCalledWith("sms", true, "talk");
    expect(screen.getByLabelText(copy.composer.label)).toBeTruthy();
  });

  it("shows every choice in one place, and takes one back only after saying what that does", async () => {
    await show(snapshot({ ...story, agreements: agreements(agreement("keep_audio", { given: true })) }));
    const opener = screen.getByRole("button", { name: copy.agreements.heading });
    await userEvent.click(opener);
    const region = screen.getByRole("region", { name: copy.agreements.heading });
    const [service, hear, keep] = within(region).getAllByRole("listitem");
    expect(within(service!).queryByRole("button", { name: copy.agreements.give })).toBeNull();
    await userEvent.click(within(hear!).getByRole("button", { name: copy.agreements.give }));
    expect(controller.consent).toHaveBeenLastCalledWith("transcription", true, "choices");
    await userEvent.click(within(keep!).getByRole("button", { name: copy.agreements.takeBack }));
    expect(controller.consent).toHaveBeenCalledOnce();
    expect(within(keep!).getByText("What taking keep_audio back does.")).toBeTruthy();
    expect(document.activeElement!.textContent).toBe(copy.agreements.keep);
    await userEvent.click(within(keep!).getByRole("button", { name: copy.agreements.takeBackNow }));
    expect(controller.consent).toHaveBeenLastCalledWith("keep_audio", false, "choices");
    await userEvent.click(within(region).getByRole("button", { name: copy.agreements.close }));
    expect(screen.queryByRole("region", { name: copy.agreements.heading })).toBeNull();
    expect(document.activeElement).toBe(opener);
  });

  it("keeps the text box when the microphone is refused, and says what to do", async () => {
    await show(story);
    store.dispatch({ type: "voice_problem", problem: "denied" });
    expect((await screen.findByRole("alert")).textContent).toContain("go on typing");
    await userEvent.type(screen.getByLabelText(copy.composer.label), "I typed this");
    await userEvent.click(screen.getByRole("button", { name: copy.composer.submit }));
    expect(controller.submit).toHaveBeenCalledWith("I typed this");
  });

  it("sends a name with Enter, but gives a story its paragraphs", async () => {
    await show(story);
    await userEvent.type(screen.getByLabelText(copy.composer.label), "one{Enter}two");
    expect(controller.submit).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: copy.composer.done }));
    expect(controller.submit).toHaveBeenCalledWith("one\ntwo");
    expect(controller.done).toHaveBeenCalledOnce();
  });

  it("corrects one's own words only, with the keyboard alone, and shows both afterwards", async () => {
    await show(story);
    const buttons = screen.getAllByRole("button", { name: /^Correct this/ });
    expect(buttons).toHaveLength(1);
    buttons[0]!.focus();
    await userEvent.keyboard("{Enter}");
    expect(document.activeElement).toBe(screen.getByLabelText(copy.conversation.correctLabel));
    await userEvent.keyboard("{Escape}");
    expect(document.activeElement!.textContent).toBe(copy.conversation.correct);
    await userEvent.keyboard("{Enter}");
    const box = screen.getByLabelText(copy.conversation.correctLabel);
    await userEvent.clear(box);
    await userEvent.type(box, "Anna Bell");
    await userEvent.click(screen.getByRole("button", { name: copy.conversation.saveCorrection }));
    expect(controller.submit).toHaveBeenCalledWith("Anna Bell", 2);

    store.dispatch({ type: "turns", turns: [turn(4, { text: "Anna Bell", supersedes: 2 })] });
    await screen.findByText("Anna Bell");
    expect(screen.getByText("Ana Bell").tagName).toBe("DEL");
    expect(screen.getByText(copy.conversation.replaced)).toBeTruthy();
    expect(screen.getByText(copy.conversation.corrects)).toBeTruthy();
  });
});

describe("questions with buttons", () => {
  const asked = snapshot({
    stage: "basics",
    question: {
      key: "is_adult",
      text: "Are you 18 or older?",
      kind: "yes_no",
      help: "Just yes or no.",
      choices: [
        { code: "yes", label: "Yes" },
        { code: "no", label: "No" },
      ],
    },
    can: may({ type: true, choose: true, skip: true, back: true, correct: true }),
  });

  it("are named by their question, and typing stays an alternative", async () => {
    await show(asked);
    const group = screen.getByRole("group", { name: "Are you 18 or older?" });
    await userEvent.click(within(group).getByRole("button", { name: "Yes" }));
    expect(controller.choose).toHaveBeenCalledWith("yes");
    expect(screen.getByText("Just yes or no.")).toBeTruthy();
    await userEvent.type(screen.getByLabelText(copy.composer.label), "yes{Enter}");
    expect(controller.submit).toHaveBeenCalledWith("yes");
  });

  it("may be left open, and the one before may be asked again", async () => {
    await show(asked);
    await userEvent.click(screen.getByRole("button", { name: copy.choices.unknown }));
    await userEvent.click(screen.getByRole("button", { name: copy.choices.skip }));
    await userEvent.click(screen.getByRole("button", { name: copy.choices.back }));
    expect(controller.choose.mock.calls).toEqual([["@unknown"], ["@skip"]]);
    expect(controller.back).toHaveBeenCalledOnce();
  });
});

describe("a pause for safety", () => {
  it("shows the fixed words with numbers to press, and the way on", async () => {
    await show(
      snapshot({
        stage: "safety_pause",
        question: null,
        can: may({ type: true, speak: true, go_on: true }),
        turns: [turn(1), turn(2), turn(3, { text: "Call 911 now.\n\nOr 1-800-799-7233." })],
      }),
    );
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(copy.paused.heading);
    const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
    expect(links).toContain("tel:911");
    expect(links).toContain("tel:1-800-799-7233");
    await userEvent.click(screen.getByRole("button", { name: copy.paused.goOn }));
    expect(controller.choose).toHaveBeenCalledWith("@go_on");
    expect(screen.getByLabelText(copy.composer.label)).toBeTruthy();
  });
});

describe("another language", () => {
  afterEach(() => copy.speak("en"));

  it("is offered in its own words and spoken by the whole page", async () => {
    store.dispatch({ type: "loaded", firm: { ...firm, locales: ["en", "es"] }, snapshot: null });
    const button = await screen.findByRole("button", { name: "Español" });
    expect(button.lang).toBe("es");
    await userEvent.click(button);
    expect(controller.speak).toHaveBeenCalledWith("es");
    store.dispatch({ type: "spoken", locale: "es" });
    expect(await screen.findByRole("button", { name: "Empezar" })).toBeTruthy();
    expect(document.documentElement.lang).toBe("es");
    expect(screen.getByRole("button", { name: "English" })).toBeTruthy();
  });
});

describe("the review of a guided conversation", () => {
  const answer = {
    key: "court_date",
    label: "What day is it?",
    kind: "date",
    text: "July 2, 2026",
    state: "inferred",
    turn: 4,
    choices: [],
    others: [{ text: "July 9, 2026", turn: 6 }],
  };
  const adult = {
    ...answer,
    key: "is_adult",
    label: "Are you 18 or older?",
    kind: "yes_no",
    text: "yes",
    state: "confirmed",
    others: [],
    choices: [
      { code: "yes", label: "Yes" },
      { code: "no", label: "No" },
    ],
  };

  it("groups answers, each to be confirmed or corrected", async () => {
    await show(
      snapshot({
        stage: "review",
        question: null,
        can: may({ type: true, send: true, correct: true }),
        review: {
          name: "Ana",
          other_side: "Globex",
          story: [{ number: 4, text: "He left." }],
          sections: [{ key: "papers", title: "Papers and dates", items: [answer, adult] }],
        },
      }),
    );
    const section = screen.getByRole("region", { name: "Papers and dates" });
    expect(within(section).getByText(copy.review.inferred)).toBeTruthy();
    expect(within(section).getByText(copy.review.also("July 9, 2026"))).toBeTruthy();
    expect(within(section).getByText(copy.review.confirmed)).toBeTruthy();
    const right = within(section).getAllByRole("button", { name: new RegExp(copy.review.right) });
    expect(right).toHaveLength(1);
    await userEvent.click(right[0]!);
    expect(controller.confirm).toHaveBeenCalledWith("court_date");
    const [first, second] = within(section).getAllByRole("button", { name: /^Correct this/ });
    await userEvent.click(second!);
    expect(document.activeElement!.textContent).toBe("Yes");
    await userEvent.click(screen.getByRole("button", { name: "No" }));
    expect(controller.replace).toHaveBeenCalledWith("is_adult", "No");
    await userEvent.click(first!);
    const box = screen.getByLabelText(copy.conversation.correctLabel);
    await userEvent.clear(box);
    await userEvent.type(box, "July 3");
    await userEvent.click(screen.getByRole("button", { name: copy.conversation.saveCorrection }));
    expect(controller.replace).toHaveBeenCalledWith("court_date", "July 3");
  });
});

describe("the rest of the way", () => {
  it("shows name, other side and story for review, each to be corrected, then sends", async () => {
    await show(
      snapshot({
        stage: "review",
        can: may({ type: true, send: true, correct: true }),
        turns: [turn(1), turn(2, { question: "name", text: "I am Ana" }), turn(4, { question: "story", text: "He left." })],
        review: { name: "Ana", other_side: "", story: [{ number: 4, text: "He left." }], sections: [] },
      }),
    );
    const list = document.querySelector(".review")!;
    expect(within(list as HTMLElement).getAllByRole("button", { name: /^Correct this/ })).toHaveLength(2);
    expect(within(list as HTMLElement).getByText(copy.review.nothing)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: copy.review.send("Harbor Law") }));
    expect(controller.send).toHaveBeenCalledOnce();
  });

  it("gives the reference number", async () => {
    await show(snapshot({ stage: "sent", reference: "HL-7Q2K" }));
    expect(screen.getByText("HL-7Q2K")).toBeTruthy();
  });

  it.each(["conflict_hold", "stopped", "declined", "person_decides", "a_stage_of_the_future"])(
    "looks the same at %s, with the server's words and no way to type",
    async (stage) => {
      await show(snapshot({ stage, turns: [turn(1, { text: "A person needs to look at this." })] }));
      expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(copy.stopped.heading);
      expect(screen.getAllByText("A person needs to look at this.").length).toBeGreaterThan(0);
      expect(screen.queryByRole("textbox")).toBeNull();
    },
  );

  it("tells who took back that they use this service that it is over by their wish, and how to begin anew", async () => {
    const consents = { service: false, transcription: false, keep_audio: false };
    await show(snapshot({ stage: "stopped", consents, turns: [turn(1, { text: "I have stopped, as you asked." })] }));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(copy.stopped.byYou);
    expect(screen.queryByText(copy.stopped.stay)).toBeNull();
    expect(screen.getByText(copy.stopped.close)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: copy.sent.another }));
    expect(controller.another).toHaveBeenCalledOnce();
  });

  it("says what is wrong when the page cannot be loaded, and tries again", async () => {
    store.dispatch({ type: "load_failed", code: "http_503" });
    expect((await screen.findByRole("alert")).textContent).toBe(copy.problemWords("http_503"));
    await userEvent.click(screen.getByRole("button", { name: copy.failed.again }));
    expect(controller.load).toHaveBeenCalled();
  });
});

describe("states in words", () => {
  const { voice } = initialState;
  it.each([
    [{ phase: "opening" }, copy.voice.states.opening],
    [{ phase: "on", link: "connecting" }, copy.voice.states.connecting],
    [{ phase: "on", link: "open" }, copy.voice.states.listening],
    [{ phase: "on", link: "open", speaking: true }, copy.voice.states.hearing],
    [{ phase: "on", link: "reconnecting" }, copy.voice.states.reconnecting],
    [{ phase: "stopping", link: "open" }, copy.voice.states.stopping],
    [{ phase: "stopping", link: "reconnecting" }, copy.voice.states.stoppingOffline],
  ] as const)("%o", (part, words) => {
    expect(stateWords({ ...voice, ...part })).toBe(words);
  });
});
