/** What idling cost, as it was: in all, and by week, project, hour, length of the pause, model and agent. */
import { type Call, type Conversation, promptTokens, writtenTokens } from "./conversation.ts";
import { type Step, stepsOf } from "./pauses.ts";
import { inputUsd, outputUsd, type Pricing, premiumUsd } from "./prices.ts";

export interface Amounts {
  calls: number;
  /** Of models without a known price: in the tokens, not in the dollars. */
  unpricedCalls: number;
  promptTokens: number;
  writtenTokens: number;
  /** Written by calls after a pause that was longer than the lifetime of what was cached. */
  writtenAfterPauseTokens: number;
  /** Of these, what could have been read instead. */
  rewrittenTokens: number;
  /** Pauses longer than the lifetime. */
  pauses: number;
  /** Pauses after which something had to be written again. */
  lapses: number;
  inputUsd: number;
  outputUsd: number;
  /** Of the input, that of main threads, which are what is replayed. */
  mainUsd: number;
  /** Of the input, what rewriting cost above reading. */
  idleUsd: number;
}

/** Amounts and what they are of. */
export type Named = { readonly name: string } & Readonly<Amounts>;

export interface Idling {
  readonly total: Readonly<Amounts>;
  /** By the Monday they begin with, oldest first, without gaps. */
  readonly weeks: readonly Named[];
  /** The most expensive first. */
  readonly projects: readonly Named[];
  /** 24, by the hour of the call, in local time. */
  readonly hours: readonly Named[];
  /** By how long the pause was, for calls after a pause alone. */
  readonly pauses: readonly Named[];
  readonly models: readonly Named[];
  readonly agents: readonly Named[];
}

/** Turns an instant, epoch ms, into a person's own days. */
export interface Calendar {
  /** ISO date. */
  dayOf(at: number): string;
  /** ISO date of the Monday before. */
  weekOf(at: number): string;
  /** 0–23. */
  hourOf(at: number): number;
}

export const LOCAL_CALENDAR: Calendar = {
  dayOf: (at) => isoDate(new Date(at)),
  weekOf(at) {
    const day = new Date(at);
    day.setDate(day.getDate() - ((day.getDay() + 6) % 7));
    return isoDate(day);
  },
  hourOf: (at) => new Date(at).getHours(),
};

/** Upper edges, in minutes; what is longer is in the last one. */
const PAUSE_EDGES: readonly (readonly [minutes: number, name: string])[] = [
  [10, "5–10 min"],
  [20, "10–20 min"],
  [40, "20–40 min"],
  [60, "40–60 min"],
  [120, "1–2 h"],
  [240, "2–4 h"],
  [480, "4–8 h"],
  [1_440, "8–24 h"],
  [Number.POSITIVE_INFINITY, "over a day"],
];

export const UNKNOWN_PROJECT = "(unknown)";

export function idlingOf(
  conversations: readonly Conversation[],
  pricing: Pricing,
  calendar: Calendar = LOCAL_CALENDAR,
): Idling {
  const total = noAmounts();
  const weeks = new Map<string, Amounts>();
  const projects = new Map<string, Amounts>();
  const hours = new Map(Array.from({ length: 24 }, (_, hour) => [hourName(hour), noAmounts()]));
  const pauses = new Map(PAUSE_EDGES.map(([, name]) => [name, noAmounts()]));
  const models = new Map<string, Amounts>();
  const agents = new Map<string, Amounts>();
  // One for all steps: there may be hundreds of thousands.
  const amounts = noAmounts();
  for (const conversation of conversations) {
    for (const step of stepsOf(conversation)) {
      const { call, gapMs, outlived } = step;
      fill(amounts, step, pricing);
      add(total, amounts);
      add(at(weeks, calendar.weekOf(call.startedAt)), amounts);
      add(at(projects, conversation.project || UNKNOWN_PROJECT), amounts);
      add(at(hours, hourName(calendar.hourOf(call.startedAt))), amounts);
      if (outlived) add(at(pauses, pauseName(gapMs)), amounts);
      add(at(models, call.model), amounts);
      add(at(agents, conversation.agent), amounts);
    }
  }
  return {
    total,
    weeks: listed(withoutGaps(weeks)),
    projects: dearestFirst(projects),
    hours: listed(hours),
    pauses: listed(pauses),
    models: dearestFirst(models),
    agents: dearestFirst(agents),
  };
}

function fill(amounts: Amounts, { call, outlived, rewrittenTokens }: Step, pricing: Pricing): void {
  const rates = pricing.ratesOf(call);
  const written = writtenTokens(call);
  amounts.calls = 1;
  amounts.unpricedCalls = rates === null ? 1 : 0;
  amounts.promptTokens = promptTokens(call);
  amounts.writtenTokens = written;
  amounts.writtenAfterPauseTokens = outlived ? written : 0;
  amounts.rewrittenTokens = rewrittenTokens;
  amounts.pauses = outlived ? 1 : 0;
  amounts.lapses = rewrittenTokens > 0 ? 1 : 0;
  amounts.inputUsd = rates === null ? 0 : inputUsd(call, rates);
  amounts.outputUsd = rates === null ? 0 : outputUsd(call, rates);
  amounts.mainUsd = call.thread === "" ? amounts.inputUsd : 0;
  amounts.idleUsd = rates === null ? 0 : premiumUsd(rewrittenTokens, call, rates);
}

const KEYS = Object.keys(noAmounts()) as readonly (keyof Amounts)[];

function noAmounts(): Amounts {
  return {
    calls: 0,
    unpricedCalls: 0,
    promptTokens: 0,
    writtenTokens: 0,
    writtenAfterPauseTokens: 0,
    rewrittenTokens: 0,
    pauses: 0,
    lapses: 0,
    inputUsd: 0,
    outputUsd: 0,
    mainUsd: 0,
    idleUsd: 0,
  };
}

function add(sum: Amounts, more: Readonly<Amounts>): void {
  for (const key of KEYS) sum[key] += more[key];
}

function at(map: Map<string, Amounts>, name: string): Amounts {
  const known = map.get(name);
  if (known !== undefined) return known;
  const fresh = noAmounts();
  map.set(name, fresh);
  return fresh;
}

function listed(map: ReadonlyMap<string, Amounts>): Named[] {
  return [...map].map(([name, amounts]) => ({ name, ...amounts }));
}

function dearestFirst(map: ReadonlyMap<string, Amounts>): Named[] {
  return listed(map).toSorted(
    (a, b) => b.idleUsd - a.idleUsd || b.inputUsd - a.inputUsd || b.calls - a.calls,
  );
}

function hourName(hour: number): string {
  return String(hour).padStart(2, "0");
}

function pauseName(gapMs: number): string {
  return PAUSE_EDGES.find(([minutes]) => gapMs <= minutes * 60_000)?.[1] ?? "over a day";
}

const DAY_MS = 86_400_000;
/** A clock that was wrong once is no reason for a thousand empty weeks. */
const MOST_WEEKS = 520;

/** Weeks in which nothing happened are weeks as well. */
function withoutGaps(weeks: ReadonlyMap<string, Amounts>): Map<string, Amounts> {
  const names = [...weeks.keys()].toSorted();
  const [first, last] = [names[0], names.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const count = (Date.parse(last) - Date.parse(first)) / (7 * DAY_MS) + 1;
  if (count > MOST_WEEKS) return new Map(names.map((name) => [name, weeks.get(name) ?? noAmounts()]));
  const all = Array.from({ length: count }, (_, index) =>
    new Date(Date.parse(first) + index * 7 * DAY_MS).toISOString().slice(0, 10),
  );
  return new Map(all.map((name) => [name, weeks.get(name) ?? noAmounts()]));
}

function isoDate(day: Date): string {
  const [month, date] = [day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${day.getFullYear()}-${month}-${date}`;
}

/** When the first and the last of the calls were made, in epoch ms; null where there are none. */
export function periodOf(conversations: readonly Conversation[]): { from: number; to: number } | null {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  const look = ({ startedAt }: Call) => {
    from = Math.min(from, startedAt);
    to = Math.max(to, startedAt);
  };
  for (const { calls, sideCalls } of conversations) {
    calls.forEach(look);
    sideCalls.forEach(look);
  }
  return from > to ? null : { from, to };
}
