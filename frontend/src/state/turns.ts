import type { Turn } from "../api/types";

/**
 * Turns are the truth: numbered by the server, each kept once, in order. Whatever brings them (an
 * answer, the socket, another look), merging the same turn again changes nothing.
 */
export function mergeTurns(known: readonly Turn[], news: readonly Turn[]): Turn[] {
  const byNumber = new Map(known.map((turn) => [turn.number, turn]));
  for (const turn of news) byNumber.set(turn.number, { ...turn });
  const merged = [...byNumber.values()].sort((a, b) => a.number - b.number);
  // The socket sends a correction alone; the turn it replaces is marked here.
  for (const turn of merged) {
    if (turn.supersedes == null) continue;
    const index = merged.findIndex((each) => each.number === turn.supersedes);
    const earlier = merged[index];
    if (earlier && earlier.superseded_by !== turn.number) {
      merged[index] = { ...earlier, superseded_by: Math.max(turn.number, earlier.superseded_by ?? 0) };
    }
  }
  return merged;
}

/** The last number up to which nothing is missing; what comes after is fetched again. */
export function lastWithoutGap(turns: readonly Turn[]): number {
  let last = 0;
  for (const turn of turns) {
    if (turn.number > last + 1) break;
    last = turn.number;
  }
  return last;
}
