/** What a person may say behind `/warm`, in every host alike. */
import { KEEP_WARM_FORMS, parseKeepWarm } from "../../policy/index.ts";

export type WarmCommand =
  | { readonly kind: "status" | "on" | "off" | "toggle" | "now" | "help" }
  /** On, and for so long after each turn, in the policy's words. */
  | { readonly kind: "for"; readonly keepWarm: string }
  | { readonly kind: "interval"; readonly intervalMs: number }
  /** `why` is a sentence. */
  | { readonly kind: "mistake"; readonly why: string };

export interface WarmArgument {
  readonly value: string;
  /** What it does, for a menu. */
  readonly description: string;
}

/** What a host's completion may offer behind `/warm`. */
export const WARM_ARGUMENTS: readonly WarmArgument[] = [
  { value: "on", description: "keep this conversation warm" },
  { value: "off", description: "send nothing more for it" },
  { value: "auto", description: "as long as it is worth its price" },
  { value: "30m", description: "for half an hour after each turn" },
  { value: "2h", description: "for two hours after each turn" },
  { value: "always", description: "until it is switched off" },
  { value: "3 pings", description: "three warms after each turn" },
  { value: "interval 4m", description: "a warm every four minutes" },
  { value: "now", description: "warm it now" },
  { value: "status", description: "what is kept warm, what it cost and saved" },
];

const FORMS = `on, off, status, now, interval 4m, or how long: ${KEEP_WARM_FORMS}`;

/** @param text what stands behind the command's name; empty: the status */
export function parseWarmCommand(text: string): WarmCommand {
  const plain = text.trim().toLowerCase().replace(/\s+/g, " ");
  switch (plain) {
    case "":
      return { kind: "status" };
    case "status":
    case "on":
    case "off":
    case "toggle":
    case "now":
    case "help":
      return { kind: plain };
  }
  const interval = /^(?:interval|every)\b ?(.*)$/.exec(plain);
  if (interval) {
    const length = parseKeepWarm(interval[1] ?? "");
    if (length?.kind === "until") return { kind: "interval", intervalMs: length.durationMs };
    return { kind: "mistake", why: "An interval is a number with a unit, at least 1s, such as 4m." };
  }
  const keepWarm = plain.replace(/^for /, "");
  if (parseKeepWarm(keepWarm) !== null) return { kind: "for", keepWarm };
  return {
    kind: "mistake",
    why: `There is no ${JSON.stringify(plain.slice(0, 40))} here. It takes ${FORMS}.`,
  };
}

/** The help that a host shows for its command. */
export const WARM_HELP = `Keeps this conversation's prompt cache warm while you are away. It takes ${FORMS}.`;
