import { describe, expect, it } from "vitest";
import type { ServerEvent } from "../src/realtime/events";
import { accentOf, contrast, parse } from "../src/state/accent";
import { type Action, initialState, reduce, type State } from "../src/state/reducer";
import { lastWithoutGap, mergeTurns } from "../src/state/turns";
import { snapshot, turn } from "./fakes";

const after = (...actions: Action[]): State => actions.reduce(reduce, initialState);
const heard = (event: ServerEvent): Action => ({ type: "voice_event", event });
const partial = (item_id: string, revision: number, text: string): Action =>
  heard({ type: "conversation.item.input_audio_transcription.partial", item_id, revision, text });
const completed = (item_id: string, transcript: string): Action =>
  heard({ type: "conversation.item.input_audio_transcription.completed", item_id, transcript });

describe("turns", () => {
  it("are kept once and in order, whatever brings them and how often", () => {
    const once = mergeTurns([], [turn(2), turn(1)]);
    const again = mergeTurns(mergeTurns(once, [turn(3), turn(2)]), [turn(1), turn(2), turn(3)]);
    expect(again.map((each) => each.number)).toEqual([1, 2, 3]);
  });

  it("mark what a correction replaces, both staying", () => {
    const turns = mergeTurns([turn(1), turn(2)], [turn(4, { role: "client", supersedes: 2 })]);
    expect(turns.map((each) => [each.number, each.superseded_by])).toEqual([[1, null], [2, 4], [4, null]]);
    // An old copy of the replaced turn does not bring it back.
    expect(mergeTurns(turns, [turn(2)]).find((each) => each.number === 2)!.superseded_by).toBe(4);
  });

  it("know up to where nothing is missing", () => {
    expect(lastWithoutGap([])).toBe(0);
    expect(lastWithoutGap([turn(1), turn(2), turn(4)])).toBe(2);
    expect(lastWithoutGap([turn(2)])).toBe(0);
  });
});

describe("reducer", () => {
  it("shows the notice when there is no conversation, and the conversation when there is", () => {
    const firm = { name: "Harbor Law", accent: "#225577", locales: ["en"], notice: { version: "1", paragraphs: ["It is not a lawyer."] } };
    expect(after({ type: "loaded", firm, snapshot: null }).phase).toBe("welcome");
    const state = after({ type: "loaded", firm, snapshot: snapshot() });
    expect([state.phase, state.turns.length, state.intake!.stage]).toEqual(["intake", 1, "name"]);
  });

  it("does not go back to an older snapshot that arrives late", () => {
    const newer = snapshot({ stage: "story", turns: [turn(1), turn(2), turn(3)] });
    const state = after({ type: "snapshot", snapshot: newer }, { type: "snapshot", snapshot: snapshot() });
    expect([state.intake!.stage, state.turns.length]).toEqual(["story", 3]);
  });

  it("keeps unsent words with the reason until they are sent or removed", () => {
    const pending = { clientRef: "c", text: "hello", supersedes: null };
    const failed = after(
      { type: "submitted", pending },
      { type: "submit_failed", clientRef: "c", code: "network" },
    );
    expect(failed.pending).toEqual([{ ...pending, failed: "network" }]);
    const retried = reduce(failed, { type: "submitted", pending });
    expect(retried.pending).toEqual([{ ...pending, failed: null }]);
    expect(reduce(retried, { type: "dropped", clientRef: "c" }).pending).toEqual([]);
  });

  it("replaces a caption by newer ones only, and by its turn at the end", () => {
    const talking = after(partial("a", 2, "my landlord"), partial("a", 1, "my"), partial("b", 1, "he"));
    expect(talking.voice.captions.map((each) => each.text)).toEqual(["my landlord", "he"]);
    const finished = reduce(talking, completed("a", "My landlord."));
    expect(reduce(finished, partial("a", 99, "late")).voice.captions[0]!.text).toBe("My landlord.");
    const done = reduce(finished, { type: "turns", turns: [turn(2, { item_id: "a" })] });
    expect(done.voice.captions.map((each) => each.itemId)).toEqual(["b"]);
  });

  it("takes an empty or failed utterance's caption away, for no turn will", () => {
    expect(after(partial("a", 1, "hm"), completed("a", " ")).voice.captions).toEqual([]);
    const failed = heard({ type: "conversation.item.input_audio_transcription.failed", item_id: "a" });
    expect(after(partial("a", 1, "hm"), failed).voice.captions).toEqual([]);
  });

  it("does not bring a caption back after its turn", () => {
    const state = after(
      partial("a", 1, "hm"),
      { type: "turns", turns: [turn(1), turn(2, { item_id: "a" })] },
      completed("a", "Hm."),
    );
    expect(state.voice.captions).toEqual([]);
  });

  it("forgets everything on leaving", () => {
    const state = after({ type: "snapshot", snapshot: snapshot() }, { type: "left" });
    expect(state).toEqual({ ...initialState, phase: "left" });
  });
});

describe("accent", () => {
  const white = parse("#ffffff")!;
  const paper = parse("#fbf9f5")!;
  const ink = parse("#2b2823")!;

  it.each(["#ffff00", "#ffffff", "#7aa5d2", "#2f5d62", "#000000", "not a colour", ""])(
    "%s becomes readable on paper, under white, and under ink",
    (wanted) => {
      const { strong, soft } = accentOf(wanted);
      expect(contrast(parse(strong)!, paper)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(parse(strong)!, white)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(ink, parse(soft)!)).toBeGreaterThanOrEqual(7);
      expect(contrast(parse(strong)!, parse(soft)!)).toBeGreaterThanOrEqual(3.7);
    },
  );

  it("leaves a colour alone that is fine already", () => {
    expect(accentOf("#225577").strong).toBe("#225577");
  });
});
