/** The person's choice of how long a conversation is kept warm, and its spelling. */

/** @default auto */
export type KeepWarm =
  /** As long as it is worth its price: the adaptive policy. */
  | { readonly kind: "auto" }
  /** At most so many warms after a turn. */
  | { readonly kind: "fixed"; readonly warms: number }
  /** For so long after a turn, in ms. */
  | { readonly kind: "until"; readonly durationMs: number }
  /** Until the conversation is closed. */
  | { readonly kind: "always" }
  /** Until what was spent reaches what a rewrite would cost. */
  | { readonly kind: "break-even" };

export const AUTO: KeepWarm = { kind: "auto" };

/** What {@link parseKeepWarm} takes, for error messages. */
export const KEEP_WARM_FORMS =
  "auto, break-even, always, a duration such as 30m or 2h, or a count such as 3 pings";

const WORDS: Readonly<Record<string, KeepWarm>> = {
  auto: AUTO,
  always: { kind: "always" },
  "break-even": { kind: "break-even" },
};
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Longer, and it is `always`. */
const LONGEST_MS = 366 * 86_400_000;
const MOST_WARMS = 1_000_000;

/** Null where the text is none of {@link KEEP_WARM_FORMS}. */
export function parseKeepWarm(text: string): KeepWarm | null {
  const plain = text.trim().toLowerCase();
  if (Object.hasOwn(WORDS, plain)) return WORDS[plain] ?? null;
  const warms = /^(\d{1,7})\s*(?:pings?|warms?)$/.exec(plain);
  if (warms) {
    const count = Number(warms[1]);
    return count <= MOST_WARMS ? { kind: "fixed", warms: count } : null;
  }
  const duration = /^(\d{1,9}(?:\.\d{1,3})?)\s*([smhd])$/.exec(plain);
  if (!duration) return null;
  const durationMs = Math.round(Number(duration[1]) * (UNIT_MS[duration[2] ?? ""] ?? Number.NaN));
  return durationMs >= 1_000 && durationMs <= LONGEST_MS ? { kind: "until", durationMs } : null;
}

/** What {@link parseKeepWarm} reads as the same choice. */
export function formatKeepWarm(choice: KeepWarm): string {
  switch (choice.kind) {
    case "fixed":
      return `${choice.warms} ${choice.warms === 1 ? "ping" : "pings"}`;
    case "until": {
      const unit = ["d", "h", "m", "s"].find((name) => choice.durationMs % (UNIT_MS[name] ?? 1) === 0);
      if (unit === undefined) return `${choice.durationMs / 1_000}s`;
      return `${choice.durationMs / (UNIT_MS[unit] ?? 1)}${unit}`;
    }
    default:
      return choice.kind;
  }
}
