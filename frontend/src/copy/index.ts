/**
 * Every word of the page that is not the assistant's own, in the language that the person chose. The
 * bindings below change when `speak` is called; whoever shows words is rendered anew after it.
 */
import * as en from "./en";
import { es } from "./es";

type Words = typeof en;
export type Copy = { [Name in keyof Words]: Words[Name] };

const LANGUAGES: Record<string, Copy> = { en, es };

export let {
  title,
  exit,
  skipLink,
  loading,
  welcome,
  conversation,
  choices,
  language,
  agreements,
  composer,
  voice,
  digits,
  later,
  comeBack,
  paused,
  review,
  sent,
  stopped,
  failed,
  problems,
  anyProblem,
}: Copy = en;

/** The language to begin in: one of the browser's, when we have it. */
export function preferred(languages: readonly string[]): string {
  return languages.map((language) => language.slice(0, 2).toLowerCase()).find((one) => one in LANGUAGES) ?? "en";
}

/** Show everything in this language from now on; one that we do not have is English. */
export function speak(locale: string): void {
  ({
    title,
    exit,
    skipLink,
    loading,
    welcome,
    conversation,
    choices,
    language,
    agreements,
    composer,
    voice,
    digits,
    later,
    comeBack,
    paused,
    review,
    sent,
    stopped,
    failed,
    problems,
    anyProblem,
  } = LANGUAGES[locale] ?? en);
  document.documentElement.lang = locale in LANGUAGES ? locale : "en";
}

/** Words for a problem's code; a code we do not know gets the general ones. */
export function problemWords(code: string): string {
  return problems[code] ?? anyProblem;
}
