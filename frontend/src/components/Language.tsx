import type { ReactElement } from "react";
import * as copy from "../copy";
import type { State } from "../state/reducer";

interface Props {
  state: State;
  onSpeak: (locale: string) => void;
}

const SPEAKS: State["phase"][] = ["welcome", "returning", "intake"];

/** The other languages, each in its own words. */
export function Language({ state, onSpeak }: Props): ReactElement | null {
  const locales = state.intake?.locales ?? state.firm?.locales ?? [];
  const others = locales.filter((locale) => locale !== state.locale && locale in copy.language.names);
  if (others.length === 0 || !SPEAKS.includes(state.phase)) return null;
  return (
    <>
      {others.map((locale) => (
        <button
          key={locale}
          type="button"
          className="text-button language"
          lang={locale}
          disabled={state.busy}
          onClick={() => onSpeak(locale)}
        >
          {copy.language.names[locale]}
        </button>
      ))}
    </>
  );
}
