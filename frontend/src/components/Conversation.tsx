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
  const foot = useRef<HTMLDivElement>(null);
  const length = state.turns.length + state.pending.length;
  const seen = useRef(length);

  // Follow the conversation, but leave the page alone while someone corrects an earlier answer.
  useEffect(() => {
    if (seen.current === length) return;
    seen.current = length;
    if (document.activeElement?.closest(".correction")) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    foot.current?.scrollIntoView({ block: "end", behavior: calm ? "auto" : "smooth" });
  }, [length]);

  const can = state.intake?.can;
  return (
    <section className="conversation">
      <Heading>{copy.conversation.heading(state.firm?.name ?? "")}</Heading>
      <TurnLog
        turns={state.turns}
        pending={state.pending}
        onCorrect={can?.correct ? (turn, text) => controller.submit(text, turn.number) : undefined}
        onRetry={(pending) => controller.retry(pending)}
        onDrop={(pending) => controller.drop(pending)}
      />
      <Composer key={state.intake?.id} state={state} controller={controller} />
      <Problem code={state.problem} />
      <Later state={state} controller={controller} />
      <div ref={foot} className="foot" />
    </section>
  );
}
