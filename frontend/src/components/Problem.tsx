import type { ReactElement } from "react";
import * as copy from "../copy";

/** What went wrong and what to do, said at once to those who listen to the page. */
export function Problem({ code, words }: { code?: string | null; words?: string | null }): ReactElement | null {
  const text = words ?? (code ? copy.problemWords(code) : null);
  return text === null ? null : (
    <p className="problem" role="alert">
      {text}
    </p>
  );
}
