import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import * as copy from "../src/copy";
import type { Controller } from "../src/state/controller";
import { Store } from "../src/state/store";
import { may, snapshot, turn } from "./fakes";

const firm = { name: "Harbor Law", accent: "#225577", locales: ["en", "es"], notice: { version: "1", paragraphs: ["It is not a lawyer."] } };
const names = ["later", "stay", "offerLater", "leave", "startReturning", "comeBack", "askForCode", "another", "submit", "choose", "setMeter", "speak"] as const;
const open = snapshot({ later: true, can: may({ type: true }), turns: [turn(1), turn(2)] });
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
  copy.speak("en");
  vi.unstubAllGlobals();
});

const show = async (given: ReturnType<typeof snapshot> | null): Promise<void> => {
  store.dispatch({ type: "loaded", firm, snapshot: given });
  await screen.findByRole("heading", { level: 1 });
};

describe("continue later", () => {
  it("is offered where there is something to come back to, at a stop as anywhere", async () => {
    await show(open);
    expect(screen.getByRole("button", { name: copy.later.button }).getAttribute("aria-expanded")).toBe("false");
    for (const stage of ["conflict_hold", "stopped", "review", "safety_pause"]) {
      const review = { name: "A", other_side: "B", story: [], sections: [] };
      store.dispatch({ type: "snapshot", snapshot: { ...open, stage, review } });
      expect(await screen.findByRole("button", { name: copy.later.button })).toBeTruthy();
    }
    store.dispatch({ type: "snapshot", snapshot: { ...open, stage: "sent", later: false } });
    await screen.findByText(copy.sent.heading);
    expect(screen.queryByRole("button", { name: copy.later.button })).toBeNull();
  });

  it("needs a PIN where no safe address is known, and says so beside the field", async () => {
    await show(open);
    await userEvent.click(screen.getByRole("button", { name: copy.later.button }));
    expect(controller.later).toHaveBeenCalled();
    store.dispatch({ type: "later", later: { ways: [], days: 14 } });
    const pin = await screen.findByLabelText(copy.later.pin);
    expect(document.activeElement).toBe(pin);
    expect(pin.getAttribute("inputmode")).toBe("numeric");
    await userEvent.click(screen.getByRole("button", { name: copy.later.make }));
    expect(screen.getByRole("alert").textContent).toBe(copy.later.sixDigits);
    expect(controller.offerLater).not.toHaveBeenCalled();
    await userEvent.type(pin, "482 917{Enter}");
    expect(controller.offerLater).toHaveBeenCalledWith("482917", null);
  });

  it("may go without a PIN, and sends a link only where that is chosen", async () => {
    await show(open);
    store.dispatch({ type: "later", later: { ways: [{ way: "email", shown: "m•••@example.org" }], days: 14 } });
    await screen.findByLabelText(copy.later.pinIfYouLike);
    expect((screen.getByLabelText(copy.later.noLink) as HTMLInputElement).checked).toBe(true);
    await userEvent.click(screen.getByRole("button", { name: copy.later.make }));
    expect(controller.offerLater).toHaveBeenLastCalledWith("", null);
    await userEvent.click(screen.getByLabelText(copy.later.linkBy.email("m•••@example.org")));
    await userEvent.click(screen.getByRole("button", { name: copy.later.make }));
    expect(controller.offerLater).toHaveBeenLastCalledWith("", "email");
  });

  it("shows the code once, to be read out sign by sign, and a way to leave", async () => {
    await show(open);
    store.dispatch({ type: "later", later: { ways: [], days: 14 } });
    store.dispatch({ type: "offered", offer: { code: "7KQ-2X9-RDJ", expires_at: "2026-07-01T12:00:00Z", pin: true, link: null } });
    const code = await screen.findByText("7KQ-2X9-RDJ");
    expect(code.getAttribute("aria-label")).toBe("7 K Q - 2 X 9 - R D J");
    expect(document.activeElement!.textContent).toBe(copy.later.noted);
    expect(screen.getByText(/July 1, 2026/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: copy.later.leave }));
    expect(controller.leave).toHaveBeenCalled();
  });
});

describe("coming back", () => {
  it("is reached from the first page", async () => {
    await show(null);
    await userEvent.click(screen.getByRole("button", { name: copy.comeBack.open }));
    expect(controller.startReturning).toHaveBeenCalledWith();
  });

  it("asks for the code and the PIN, each with its label, and says what is missing", async () => {
    await show(null);
    store.dispatch({ type: "returning", token: "", ways: [] });
    const code = await screen.findByLabelText(copy.comeBack.code);
    const pin = screen.getByLabelText(copy.comeBack.pin);
    expect(pin.getAttribute("type")).toBe("password");
    expect(screen.queryByText(copy.comeBack.noPin)).toBeNull();
    const go = screen.getByRole("button", { name: copy.comeBack.goOn });
    await userEvent.click(go);
    expect(screen.getByRole("alert").textContent).toBe(copy.comeBack.needCode);
    await userEvent.type(code, "7kq 2x9 rdj");
    await userEvent.click(go);
    expect(screen.getByRole("alert").textContent).toBe(copy.comeBack.needPin);
    await userEvent.type(pin, "482917{Enter}");
    expect(controller.comeBack).toHaveBeenCalledWith("7kq 2x9 rdj", { pin: "482917" });
  });

  it("by a link shows nothing of what was said and asks for no code", async () => {
    await show(open);
    store.dispatch({ type: "returning", token: "abc", ways: ["email"] });
    await screen.findByText(copy.comeBack.leadLink);
    expect(screen.queryByLabelText(copy.comeBack.code)).toBeNull();
    expect(document.body.textContent).not.toContain("turn 1");
    await userEvent.click(screen.getByRole("button", { name: copy.comeBack.sendBy.email }));
    expect(controller.askForCode).toHaveBeenCalledWith("", "email");
    store.dispatch({ type: "code_asked" });
    const digits = await screen.findByLabelText(copy.digits.label);
    expect(digits.getAttribute("autocomplete")).toBe("one-time-code");
    expect(screen.getByRole("status").textContent).toBe(copy.comeBack.perhapsSent);
    await userEvent.type(digits, "482917{Enter}");
    expect(controller.comeBack).toHaveBeenCalledWith("", { one_time_code: "482917" });
  });

  it("says what to do when it was refused", async () => {
    await show(null);
    store.dispatch({ type: "returning", token: "", ways: [] });
    store.dispatch({ type: "answered", problem: "resume_refused" });
    expect((await screen.findByRole("alert")).textContent).toBe(copy.problems["resume_refused"]);
  });

  it("shows of what was sent the reference alone", async () => {
    await show(open);
    store.dispatch({ type: "sent_before", reference: "7KQ2-X9RD" });
    expect(await screen.findByText("7KQ2-X9RD")).toBeTruthy();
    expect(document.body.textContent).not.toContain("turn 1");
  });
});

describe("the digits that were sent", () => {
  const asked = snapshot({
    stage: "basics",
    question: { key: "contact_code", text: "Please type the six digits here.", kind: "code", help: null, choices: [{ code: "@no_code", label: "I can't get a code" }] },
    can: may({ type: true, choose: true, skip: true, back: true }),
  });

  it("have a field of their own, and who gets none goes on", async () => {
    await show(asked);
    const field = screen.getByLabelText(copy.digits.label);
    expect(field.getAttribute("inputmode")).toBe("numeric");
    expect(field.getAttribute("autocomplete")).toBe("one-time-code");
    const check = screen.getByRole<HTMLButtonElement>("button", { name: copy.digits.submit });
    expect(check.disabled).toBe(true);
    await userEvent.type(field, "482-917{Enter}");
    expect(controller.submit).toHaveBeenCalledWith("482917");
    expect(screen.queryByRole("button", { name: copy.choices.skip })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "I can't get a code" }));
    expect(controller.choose).toHaveBeenCalledWith("@no_code");
  });
});
