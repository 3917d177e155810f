import type { ReactElement } from "react";
import * as copy from "../copy";
import type { Controller } from "../state/controller";
import type { State } from "../state/reducer";
import { Heading } from "./Heading";
import { Later } from "./Later";
import { Problem } from "./Problem";
import { Whole } from "./Review";

/** One look for every reason to stop; the words are the server's. Only who stopped it by their own wish is told so. */
export function Stopped({ state, controller }: { state: State; controller: Controller }): ReactElement {
  const words = state.turns.findLast((turn) => turn.role !== "client");
  const isOwnWish = state.intake?.consents.service === false;
  return (
    <section className="stopped">
      <Heading>{isOwnWish ? copy.stopped.byYou : copy.stopped.heading}</Heading>
      {words && (
        <p className="said" dir="auto">
          {words.text}
        </p>
      )}
      <p>{isOwnWish ? copy.stopped.close : copy.stopped.stay}</p>
      <Problem code={state.later ? null : state.problem} />
      {isOwnWish ? (
        <button type="button" className="text-button" onClick={() => controller.another()}>
          {copy.sent.another}
        </button>
      ) : (
        <Later state={state} controller={controller} />
      )}
      <Whole words={copy.stopped.whole} turns={state.turns} />
    </section>
  );
}
