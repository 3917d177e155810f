import { type ReactElement, useEffect, useRef } from "react";
import type { Controller } from "../state/controller";

const BARS = [1, 2, 3, 4, 5];
const FULL_SCALE = 0.25; // the loudness of clear speech near a microphone

/** Shows that sound arrives. Decoration beside the words that say the same. */
export function Meter({ controller }: { controller: Controller }): ReactElement {
  const meter = useRef<HTMLDivElement>(null);
  useEffect(() => {
    controller.setMeter((level) => {
      const shown = Math.min(1, Math.sqrt(level / FULL_SCALE));
      meter.current?.style.setProperty("--level", shown.toFixed(2));
    });
    return () => controller.setMeter(() => undefined);
  }, [controller]);
  return (
    <div ref={meter} className="meter" aria-hidden="true">
      {BARS.map((bar) => (
        <span key={bar} />
      ))}
    </div>
  );
}
