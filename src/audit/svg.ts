/** As much of SVG and HTML as the page needs: text that is safe in it, and numbers that are short. */

export function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

type Attributes = Readonly<Record<string, string | number>>;

/** One element. `content` is markup already; attributes are escaped here. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === "number" ? String(Number(value.toFixed(2))) : escaped(value);
    return ` ${key}="${text}"`;
  });
  return `<${name}${written.join("")}>${content}</${name}>`;
}

/** What a picture is drawn on: its width and its margins, in units that are pixels at full size. */
export interface Paper {
  readonly width: number;
  readonly left: number;
  readonly right: number;
}

const WIDE: Paper = { width: 760, left: 56, right: 12 };
const NARROW: Paper = { width: 350, left: 46, right: 4 };

/** Drawn twice, for a desk and for a phone: the style shows the one that fits. */
export function onBoth(draw: (paper: Paper) => string): string {
  return `<div class="plot on-wide">${draw(WIDE)}</div><div class="plot on-narrow">${draw(NARROW)}</div>`;
}

/** A picture with a name. */
export function picture(width: number, height: number, label: string, content: readonly string[]): string {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
  return element("svg", attributes, content.join(""));
}

/** Shown while the pointer rests on what it is in. */
export function hint(text: string): string {
  return element("title", {}, escaped(text));
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escaped(text));
}

/** Round steps from 0 to at least `most`, three to five of them. */
export function ticksTo(most: number): number[] {
  if (!(most > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(most));
  const step =
    [0.2, 0.25, 0.5, 1, 2, 2.5].map((part) => part * power).find((size) => most / size <= 5) ?? power;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
