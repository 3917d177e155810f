import type { ReactElement } from "react";
import * as copy from "../copy";
import { Heading } from "./Heading";
import { Problem } from "./Problem";

export function Failed({ problem, onAgain }: { problem: string; onAgain: () => void }): ReactElement {
  return (
    <section>
      <Heading>{copy.failed.heading}</Heading>
      <Problem code={problem} />
      <button type="button" className="primary" onClick={onAgain}>
        {copy.failed.again}
      </button>
    </section>
  );
}
