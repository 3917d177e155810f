import { type ReactElement, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { YourChoices } from "./components/Agreements";
import { ComeBack } from "./components/ComeBack";
import { Conversation } from "./components/Conversation";
import { Failed } from "./components/Failed";
import { Language } from "./components/Language";
import { Paused } from "./components/Paused";
import { QuickExit } from "./components/QuickExit";
import { Review } from "./components/Review";
import { Sent, SentBefore } from "./components/Sent";
import { Stopped } from "./components/Stopped";
import { Welcome } from "./components/Welcome";
import * as copy from "./copy";
import { accentOf } from "./state/accent";
import type { Controller } from "./state/controller";
import type { State } from "./state/reducer";
import type { Store } from "./state/store";

interface Props {
  store: Store;
  controller: Controller;
}

export function App({ store, controller }: Props): ReactElement {
  const state = useSyncExternalStore(store.subscribe, store.get);
  const [choosing, setChoosing] = useState(false);
  const choicesButton = useRef<HTMLButtonElement>(null);
  const accent = state.firm?.accent;
  const { intake } = state;
  // Before anything below is rendered: its words are those of this language.
  copy.speak(state.locale);

  useEffect(() => controller.watch(), [controller]);
  useEffect(() => {
    if (accent === undefined) return;
    const { strong, soft } = accentOf(accent);
    document.documentElement.style.setProperty("--accent", strong);
    document.documentElement.style.setProperty("--accent-soft", soft);
  }, [accent]);

  if (state.phase === "left") return <p className="left">{copy.exit.left}</p>;
  return (
    <>
      <QuickExit onLeave={() => controller.leave()} />
      <a className="skip" href="#main">
        {copy.skipLink}
      </a>
      <header className="masthead">
        {state.firm && <p className="firm">{state.firm.name}</p>}
        <Language state={state} onSpeak={(locale) => void controller.speak(locale)} />
        {state.phase === "intake" && intake?.agreements && (
          <button
            ref={choicesButton}
            type="button"
            className="text-button"
            aria-expanded={choosing}
            onClick={() => setChoosing(!choosing)}
          >
            {copy.agreements.heading}
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {choosing && state.phase === "intake" && intake && (
          <YourChoices
            intake={intake}
            busy={state.busy}
            problem={state.problem}
            controller={controller}
            onClose={() => {
              setChoosing(false);
              choicesButton.current?.focus();
            }}
          />
        )}
        <View state={state} controller={controller} />
      </main>
    </>
  );
}

function View({ state, controller }: { state: State; controller: Controller }): ReactElement {
  switch (state.phase) {
    case "failed":
      return <Failed problem={state.problem ?? ""} onAgain={() => void controller.load()} />;
    case "welcome":
      return (
        <Welcome
          state={state}
          onStart={() => void controller.begin()}
          onReturn={() => void controller.startReturning()}
        />
      );
    case "returning":
      return <ComeBack state={state} controller={controller} />;
    case "sent_before":
      return <SentBefore reference={state.reference} onAnother={() => controller.another()} />;
    case "intake":
      return <Stage state={state} controller={controller} />;
    default:
      return <p className="quiet">{copy.loading}</p>;
  }
}

/** Whatever stage has no view of its own looks like every other stop: the page must not tell why. */
function Stage({ state, controller }: { state: State; controller: Controller }): ReactElement {
  switch (state.intake?.stage) {
    case "name":
    case "other_side":
    case "topic":
    case "basics":
    case "story":
    case "questions":
      return <Conversation state={state} controller={controller} />;
    case "safety_pause":
      return <Paused state={state} controller={controller} />;
    case "review":
      return <Review state={state} controller={controller} />;
    case "sent":
      return <Sent state={state} onAnother={() => controller.another()} />;
    default:
      return <Stopped state={state} controller={controller} />;
  }
}
