import { FRAME_MS } from "../audio/framer";

export const CATCH_UP_SPEED = 4;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;

/** Token bucket: speech goes out at most four times as fast as it was spoken. */
export class Pace {
  private tokens = CATCH_UP_SPEED;
  private last: number;

  constructor(private readonly now: () => number) {
    this.last = now();
  }

  take(): boolean {
    const now = this.now();
    const earned = ((now - this.last) / FRAME_MS) * CATCH_UP_SPEED;
    this.tokens = Math.min(CATCH_UP_SPEED, this.tokens + earned);
    this.last = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

/**
 * How long to wait before the given attempt (0 is the first). Half to all of a delay that doubles
 * from 0.5 to 8 s: everybody whose server went away does not come back in the same moment.
 */
export function reconnectDelay(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt + 1));
  return Math.round(Math.max(FIRST_DELAY_MS, ceiling * (0.5 + 0.5 * random())));
}
