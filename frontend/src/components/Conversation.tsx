import { type ReactElement, useEffect, useRef } from "react";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { Composer } from "./Composer";
import { Heading } from "./Heading";
import { Later } from "./Later";
import { Problem } from "./Problem";
import { TurnLog } from "./TurnLog";

interface Props {
  state: State;
  controller: Controller;
}

export function Conversation({ state, controller }: Props): ReactElement {
  const section = useRef<HTMLElement>(null);
  const length = state.turns.length + state.pending.length;
  const seen = useRef(1); // the first question stands at the top of a new page anyway

  // What was said last comes to the top: on a phone the way to answer is longer than the screen, and whoever is led to
  // its end does not see the question. The page is left alone while someone corrects an earlier answer.
  useEffect(() => {
    if (seen.current === length) return;
    const first = seen.current === 1;
    seen.current = length;
    if (document.activeElement?.closest(".correction")) return;
    const calm = first || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const last = [...(section.current?.querySelectorAll(".log > .turn") ?? [])].at(-1);
    last?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }, [length]);

  const can = state.intake?.can;
  return (
    <section ref={section} className="conversation">
      <Heading>{copy.conversation.heading(state.firm?.name ?? "")}</Heading>
      <TurnLog
        turns={state.turns}
        pending={state.pending}
        onCorrect={can?.correct ? (turn, text) => controller.submit(text, turn.number) : undefined}
        onRetry={(pending) => controller.retry(pending)}
        onDrop={(pending) => controller.drop(pending)}
      />
      <Composer key={state.intake?.id} state={state} controller={controller} />
      <Problem code={state.later ? null : state.problem} />
      <Later state={state} controller={controller} />
    </section>
  );
}
