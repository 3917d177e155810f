import { ApiProblem, get, post, postAndGo } from "./http";
import type {
  ConsentKind,
  Firm,
  LaterChoices,
  NewTurns,
  Offer,
  Returned,
  Snapshot,
  TurnsAfter,
  VoiceSession,
  VoiceTicket,
  Way,
  WayBack,
} from "./types";

export const readFirm = (locale: string): Promise<Firm> => get(`/api/firm?locale=${locale}`);

/** The conversation this browser's cookie belongs to, or null. */
export async function currentIntake(): Promise<Snapshot | null> {
  try {
    return await get<Snapshot>("/api/intakes/current");
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "no_intake") return null;
    throw error;
  }
}

/** @param wording the version of the words that the person read; the server keeps it with the consent. */
export const startIntake = (locale: string, wording: string | undefined): Promise<Snapshot> =>
  post("/api/intakes/", {
    consents: { service: true },
    ...(wording === undefined ? {} : { wording }),
    locale,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });

/** Gives a consent, or takes it back. */
export const consent = (
  intake: string,
  answer: { kind: ConsentKind; granted: boolean; place: string; wording: string | undefined },
): Promise<Snapshot> => post(`/api/intakes/${intake}/consents`, answer);

/** This browser forgets the conversation. */
export const leave = (): void => postAndGo("/api/leave");

export const turnsAfter = (intake: string, number: number): Promise<TurnsAfter> =>
  get(`/api/intakes/${intake}/turns?after=${number}`);

/** @param clientRef the same for every attempt to send the same words: the server keeps one. */
export const addTurn = (
  intake: string,
  turn: { text: string; clientRef: string; supersedes: number | null; about?: string | null },
): Promise<NewTurns> =>
  post(`/api/intakes/${intake}/turns`, {
    text: turn.text,
    client_ref: turn.clientRef,
    ...(turn.supersedes === null ? {} : { supersedes: turn.supersedes }),
    ...(turn.about == null ? {} : { about: turn.about }),
  });

/** Presses a button under a question. */
export const choose = (
  intake: string,
  choice: { question: string; code: string; clientRef: string },
): Promise<NewTurns> =>
  post(`/api/intakes/${intake}/choices`, {
    question: choice.question,
    code: choice.code,
    client_ref: choice.clientRef,
  });

export const goBack = (intake: string): Promise<Snapshot> => post(`/api/intakes/${intake}/back`, {});

export const switchLanguage = (intake: string, locale: string): Promise<Snapshot> =>
  post(`/api/intakes/${intake}/locale`, { locale });

export const confirmAnswer = (intake: string, key: string): Promise<Snapshot> =>
  post(`/api/intakes/${intake}/facts/${key}/confirm`, {});

export const finishStory = (intake: string): Promise<unknown> => post(`/api/intakes/${intake}/done`, {});

export const sendIntake = (intake: string): Promise<{ reference: string }> =>
  post(`/api/intakes/${intake}/send`, {});

/** The safe ways to come back that this client has. */
export const laterChoices = (intake: string): Promise<LaterChoices> => get(`/api/intakes/${intake}/later`);

export const offerLater = (intake: string, pin: string, link: Way | null): Promise<Offer> =>
  post(`/api/intakes/${intake}/later`, { pin, link });

/** By which ways this firm sends codes at all. */
export const waysBack = (): Promise<{ ways: Way[] }> => get("/api/resume");

export const sendBackCode = (back: WayBack, way: Way): Promise<unknown> =>
  post("/api/resume/code", { ...back, way });

export const comeBack = (back: WayBack, proof: { pin: string } | { one_time_code: string }): Promise<Returned> =>
  post("/api/resume", { ...back, ...proof });

export const openVoice = (intake: string): Promise<VoiceSession> => post("/api/voice/sessions", { intake });

export const renewTicket = (session: string): Promise<VoiceTicket> =>
  post(`/api/voice/sessions/${session}/ticket`, {});
