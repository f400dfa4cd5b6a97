/** One line about one conversation, or about all that are on. */
import type { ConversationView, MoneyView } from "../../hub/index.ts";
import { nameOf } from "../conversation-name.ts";
import { intervalCell } from "../interval-text.ts";
import { shownInDollars, sumOf } from "../measure.ts";
import { printable } from "../printable.ts";
import { type Style, styled } from "../style.ts";
import { formatted, type Placeholder } from "./format.ts";

export interface LineOptions {
  /** Those that are open, among which a name has to tell. */
  readonly all: readonly ConversationView[];
  /** Epoch ms. */
  readonly now: number;
  /** @default "{line}" */
  readonly format?: string | undefined;
}

type Values = Readonly<Record<Placeholder, string | null>>;

/** Null where there is no conversation. Of several, those that are on are what matters; of one, whatever it is. */
export function lineOf(
  meant: readonly ConversationView[],
  { all, now, format = "{line}" }: LineOptions,
): string | null {
  const on = meant.filter(({ enabled }) => enabled);
  const [one = meant[0]] = on;
  if (one === undefined) return null;
  const values = on.length > 1 ? valuesOfSeveral(on, now) : valuesOfOne(one, all, now);
  return formatted(format, values);
}

interface Standing {
  readonly state: "warm" | "warming" | "on" | "lapsed" | "stopped" | "off";
  readonly text: string;
  readonly style: Style | null;
  /** Its figures say something about now. */
  readonly isCurrent: boolean;
}

function standingOf({ enabled, phase, nextWarmAt }: ConversationView, now: number): Standing {
  if (!enabled) return { state: "off", text: "keepwarm off", style: "dim", isCurrent: false };
  switch (phase) {
    case "warming":
      return { state: "warming", text: "warming", style: "green", isCurrent: true };
    case "lapsed":
      return { state: "lapsed", text: "cache lapsed", style: "yellow", isCurrent: false };
    case "stopped":
      return { state: "stopped", text: "warming stopped", style: "yellow", isCurrent: false };
    default:
      return nextWarmAt === null
        ? { state: "on", text: "keepwarm on", style: null, isCurrent: true }
        : { state: "warm", text: `warm ${countdown(nextWarmAt - now)}`, style: "green", isCurrent: true };
  }
}

function valuesOfOne(view: ConversationView, all: readonly ConversationView[], now: number): Values {
  const { nextWarmAt, lastTurnPct, lastPct, money, modelName, keepWarm } = view;
  const { state, text, style, isCurrent } = standingOf(view, now);
  const cache = percent(lastPct ?? lastTurnPct);
  return {
    line: joined(style === null ? text : styled(style, text), isCurrent ? cache : null, netText(money)),
    state,
    next: nextWarmAt === null ? null : countdown(nextWarmAt - now),
    turn: percent(lastTurnPct),
    warm: percent(lastPct),
    cache,
    ...moneyValues(money),
    name: nameOf(view, all),
    model: modelName === null ? null : printable(modelName),
    every: intervalCell(view),
    for: printable(keepWarm ?? "auto"),
    count: view.enabled ? "1" : "0",
  };
}

/** The soonest of them, and what all of them came to. */
function valuesOfSeveral(on: readonly ConversationView[], now: number): Values {
  const due = on.flatMap(({ nextWarmAt }) => nextWarmAt ?? []);
  const next = due.length === 0 ? null : countdown(Math.min(...due) - now);
  const known = on.flatMap(({ money }) => money ?? []);
  const money = known.length === 0 ? null : sumOf(known);
  const { state, text: idle } = idleText(on, now);
  const text = next === null ? idle : `${due.length} warm, next ${next}`;
  return {
    line: joined(next === null ? `keepwarm ${text}` : styled("green", text), null, netText(money)),
    state: next === null ? state : "warm",
    next,
    turn: null,
    warm: null,
    cache: null,
    ...moneyValues(money),
    name: null,
    model: null,
    every: null,
    for: null,
    count: String(on.length),
  };
}

/** Where none of them is to be warmed: how many are on, and how many of them are not any more, `1 on, 2 stopped`. */
function idleText(on: readonly ConversationView[], now: number): Pick<Standing, "state" | "text"> {
  const states = on.map((view) => standingOf(view, now).state);
  const counts = (["warming", "on", "lapsed", "stopped"] as const)
    .map((state) => ({ state, count: states.filter((one) => one === state).length }))
    .filter(({ count }) => count > 0);
  return {
    state: counts[0]?.state ?? "on",
    text: counts.map(({ state, count }) => `${count} ${state}`).join(", "),
  };
}

type Money = Pick<MoneyView, "spentUsd" | "savedUsd">;

/** Only a loss has a sign here: there is little room. */
function moneyValues(money: Money | null) {
  if (money === null) return { spent: null, saved: null, net: null };
  const { spent, saved, net } = shownInDollars(money);
  return { spent, saved, net: net.replace("+", "") };
}

function netText(money: Money | null): string | null {
  const { net } = moneyValues(money);
  if (net === null) return null;
  return net.startsWith("−") ? styled("yellow", `net ${net}`) : `net ${net}`;
}

function joined(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(" · ");
}

function percent(share: number | null): string | null {
  return share === null ? null : `${share} %`;
}

/** `3:12`, `1:02:03`; never less than nothing. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (count: number) => String(count).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const clock = `${minutes % 60}:${two(seconds % 60)}`;
  return minutes < 60 ? clock : `${Math.floor(minutes / 60)}:${clock.padStart(5, "0")}`;
}
