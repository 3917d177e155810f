import type { ReactElement } from "react";
import * as copy from "../copy";

/** First in sight and first for the keyboard, on every view. */
export function QuickExit({ onLeave }: { onLeave: () => void }): ReactElement {
  return (
    <>
      <div className="exit">
        <button type="button" className="exit-button" aria-describedby="exit-note" onClick={onLeave}>
          {copy.exit.button}
        </button>
      </div>
      <p id="exit-note" className="exit-note">
        {copy.exit.note}
      </p>
    </>
  );
}
