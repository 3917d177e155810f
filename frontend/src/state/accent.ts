/** The firm chooses one colour; we make sure that text in it and on it can be read (WCAG AA, 4.5:1). */
const PAPER = "#fbf9f5";
const NEEDED = 4.5;
const FALLBACK = "#2f5d62";

type Rgb = readonly [number, number, number];

export interface Accent {
  /** Readable as text on the page's paper, and behind white text. */
  strong: string;
  /** A very light wash of it, for surfaces. */
  soft: string;
}

export function accentOf(wanted: string): Accent {
  const paper = parse(PAPER) as Rgb;
  let colour = parse(wanted) ?? (parse(FALLBACK) as Rgb);
  // Paper is darker than white, so what is readable on paper carries white text too.
  while (contrast(colour, paper) < NEEDED) colour = mix(colour, [0, 0, 0], 0.06);
  return { strong: hex(colour), soft: hex(mix(colour, paper, 0.91)) };
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export function parse(colour: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour.trim());
  if (!match) return null;
  return [parseInt(match[1]!, 16), parseInt(match[2]!, 16), parseInt(match[3]!, 16)];
}

function luminance([r, g, b]: Rgb): number {
  const linear = (value: number): number => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share);
  return [part(0), part(1), part(2)];
}

function hex(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
