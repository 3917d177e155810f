/** What to do when a socket ended, by its close code. */
export type AfterClose =
  | "resume" // same session, after a delay
  | "renew" // same session; the ticket was refused, get another
  | "restart" // the session is over: a new one takes over what is not yet durable
  | "slow" // we were too fast: same session, after a long delay
  | "idle" // nothing to say for long; open again when there is
  | "done"
  | "closed" // the conversation takes no speech at this point
  | "replaced"
  | "refused"; // permanent: typing is left

const BY_CODE: Record<number, AfterClose> = {
  1000: "done",
  1008: "refused",
  1009: "refused",
  4000: "refused",
  4001: "renew",
  4003: "refused",
  4004: "restart",
  4008: "restart",
  4009: "replaced",
  4010: "closed",
  4029: "slow",
  4031: "idle",
  4101: "refused",
  4102: "slow",
};

/** Anything unlisted (1001, 1006, 1011, 1012, 1013 and what comes later) may be tried again. */
export function afterClose(code: number): AfterClose {
  return BY_CODE[code] ?? "resume";
}
