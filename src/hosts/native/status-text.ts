/** A conversation in one line, as a host's status line shows it, and in some sentences. */
import type { Figures } from "../../ledger/index.ts";
import { netUsd } from "../../ledger/index.ts";
import { usd } from "../../policy/index.ts";
import { type ConversationState, isIntervalChosen } from "../../pure.ts";
import type { ConversationStatus } from "../../warmer.ts";

/** How a conversation stands: as much as is shown, so that it can be told to another process. */
export interface Standing {
  readonly state: Pick<
    ConversationState,
    "enabled" | "nextWarmAt" | "lastExpectedPct" | "intervalMs" | "intervalChosen" | "keepWarm"
  >;
  readonly status: ConversationStatus;
  readonly figures: Pick<Figures, "warms" | "warmsUnpriced" | "spentUsd" | "savedUsd"> | null;
  /** Epoch ms. */
  readonly now: number;
}

/** `3:12`, `58:02`, `1:02:03`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (count: number) => String(count).padStart(2, "0");
  const tail = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** `warm 3:12 · 98 % · net $0.12`; null while it is off. */
export function statusLine(standing: Standing): string | null {
  const { state } = standing;
  if (!state.enabled) return null;
  const pct = state.lastExpectedPct === null ? [] : [`${state.lastExpectedPct} %`];
  return [headOf(standing), ...pct, ...netOf(standing)].join(" · ");
}

function headOf({ state, status, now }: Standing): string {
  if (state.nextWarmAt !== null) return `warm ${countdown(state.nextWarmAt - now)}`;
  switch (status.phase) {
    case "warming":
      return "warming";
    case "stopped":
    case "lapsed":
      return `warm ${status.phase}`;
    default:
      return "warm";
  }
}

function netOf({ figures }: Standing): string[] {
  if (figures === null || figures.warms === figures.warmsUnpriced) return [];
  return [`net ${usd(netUsd(figures))}`];
}

/** What a person is told who asks, as sentences. */
export function statusSentences(standing: Standing): string {
  const { state, status, figures } = standing;
  const why = status.why === null ? [] : [status.why];
  return [settingSentence(standing), ...why, ...lastSentence(state), ...moneySentence(figures)].join(" ");
}

function settingSentence({ state, status, now }: Standing): string {
  if (!state.enabled) return "Warming is off for this conversation.";
  const length = state.keepWarm === undefined ? "" : ` (${state.keepWarm})`;
  const every = isIntervalChosen(state) ? `, every ${countdown(state.intervalMs)}` : "";
  const head = `Warming is on${length}${every}`;
  if (state.nextWarmAt !== null)
    return `${head}; the next warm is due in ${countdown(state.nextWarmAt - now)}.`;
  if (status.phase === "warming") return `${head}; a warm is on its way.`;
  if (status.phase === "generating") return `${head}; a turn is under way.`;
  return `${head}.`;
}

function lastSentence({ lastExpectedPct }: Standing["state"]): string[] {
  return lastExpectedPct === null
    ? []
    : [`The last warm found ${lastExpectedPct} % of the prefix in the cache.`];
}

function moneySentence(figures: Standing["figures"]): string[] {
  if (figures === null || figures.warms === 0) return [];
  const { warms, spentUsd, savedUsd } = figures;
  const count = `${warms} ${warms === 1 ? "warm" : "warms"}`;
  if (figures.warmsUnpriced === warms) return [`${count} so far, of unknown price.`];
  return [`${count} so far: spent ${usd(spentUsd)}, saved ${usd(savedUsd)}, net ${usd(netUsd(figures))}.`];
}
