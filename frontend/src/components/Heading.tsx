import { type ReactElement, type ReactNode, useEffect, useRef } from "react";

/** A view's heading takes the focus when the view replaces another, so that it is read and found. */
export function Heading({ children, focus = true }: { children: ReactNode; focus?: boolean }): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!focus) return;
    heading.current?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }, [focus]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
