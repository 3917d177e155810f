/**
 * Where "Leave this page" goes: an everyday page that says nothing about a lawyer. Set at build time
 * with VITE_EXIT_URL. Nothing is loaded from there until the person asks to leave.
 */
export const EXIT_URL: string = import.meta.env["VITE_EXIT_URL"] ?? "https://www.google.com/";

/** How often an open page looks for new turns when no socket tells it. */
export const LOOK_AGAIN_MS = 10_000;

export const MOST_CHARACTERS = 1_000_000;
