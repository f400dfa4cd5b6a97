/** Conversations as a table for a terminal, in groups by what they are doing. */
import { type ConversationView, GROUP_TITLES, GROUPS, type Group, groupOf } from "../hub/index.ts";
import { type Names, namesAmong } from "./conversation-name.ts";
import { intervalCell } from "./interval-text.ts";
import { shownInDollars } from "./measure.ts";
import { printable } from "./printable.ts";
import { ago, until } from "./span.ts";
import { bold, dim } from "./style.ts";
import { type Cell, type Column, cutTo, table } from "./table.ts";
import { wrapped } from "./wrapped.ts";

interface Told {
  readonly names: Names;
  /** Epoch ms. */
  readonly now: number;
  /** What holds where nobody chose, in the policy's words. */
  readonly keepWarm: string;
}

interface ConversationColumn extends Column {
  readonly cellOf: (view: ConversationView, told: Told) => Cell;
}

/** What is not known, or is not. */
const NONE = "—";

/** Narrow terminals do without those that are `spared`, and all do where they would tell nothing. */
const COLUMNS: readonly ConversationColumn[] = [
  { title: "conversation", least: 24, cellOf: (view, { names }) => names.nameOf(view) },
  { title: "next warm", whole: true, cellOf: nextWarmCell },
  { title: "cache", align: "right", whole: true, spared: 8, cellOf: cacheCell },
  {
    title: "spent",
    align: "right",
    whole: true,
    spared: 2,
    cellOf: ({ money }) => (money === null ? NONE : shownInDollars(money).spent),
  },
  {
    title: "saved",
    align: "right",
    whole: true,
    spared: 2,
    cellOf: ({ money }) => (money === null ? NONE : shownInDollars(money).saved),
  },
  { title: "net", align: "right", whole: true, spared: 7, cellOf: netCell },
  {
    title: "keep warm",
    whole: true,
    spared: 6,
    cellOf: (view, told) => view.keepWarm ?? { text: told.keepWarm, style: "dim" },
  },
  { title: "interval", whole: true, spared: 5, cellOf: (view) => dimmed(intervalCell(view), "auto") },
  { title: "last turn", whole: true, spared: 4, cellOf: ({ lastTurnAt }, { now }) => ago(lastTurnAt, now) },
  { title: "model", least: 15, spared: 3, cellOf: ({ modelName }) => modelName ?? NONE },
  { title: "program", least: 8, spared: 1, cellOf: ({ host, run }) => host ?? run?.command ?? NONE },
  {
    title: "id",
    whole: true,
    spared: 0,
    cellOf: ({ id, folder }, { names }) => (folder === null ? NONE : names.shortId(id)),
  },
];

const INDENT = "  ";

export interface ConversationTableOptions {
  /** Epoch ms. */
  readonly now: number;
  /** Columns of the terminal. */
  readonly width: number;
  /** What holds where nobody chose, in the policy's words. */
  readonly keepWarm: string;
  /** Whether sentences that are longer than a line are cut, and not wrapped. @default false */
  readonly cut?: boolean;
}

/** Lines: titles, and under each group's name its conversations, each with why it is not warmed. */
export function conversationTable(
  conversations: readonly ConversationView[],
  { now, width, keepWarm, cut = false }: ConversationTableOptions,
): string[] {
  const groups = Map.groupBy(conversations, groupOf);
  const sorted = GROUPS.flatMap((group) => (groups.get(group) ?? []).toSorted(bySoonest));
  const told = { names: namesAmong(conversations), now, keepWarm };
  const telling = COLUMNS.filter(
    ({ spared, cellOf }) => spared === undefined || sorted.some((view) => cellOf(view, told) !== NONE),
  );
  // One table for all, so that columns line up across the groups.
  const cells = sorted.map((view) => telling.map(({ cellOf }) => cellOf(view, told)));
  const [titles = "", ...rows] = table(telling, cells, width - INDENT.length).split("\n");
  const lines = [INDENT + titles];
  let last: Group | null = null;
  for (const [index, view] of sorted.entries()) {
    const group = groupOf(view);
    if (group !== last) lines.push(bold(`${GROUP_TITLES[group]} (${groups.get(group)?.length})`));
    last = group;
    lines.push(INDENT + rows[index]);
    if (view.why !== null) {
      const why = printable(view.why);
      const sentence = cut
        ? [cutTo(INDENT + INDENT + why, width)]
        : wrapped(why, { width, first: INDENT + INDENT });
      lines.push(...sentence.map(dim));
    }
  }
  return lines;
}

/** The next warm first, before it one that is on its way; where there is none, the last turn. */
function bySoonest(a: ConversationView, b: ConversationView): number {
  return soonestOf(a) - soonestOf(b) || (b.lastTurnAt ?? 0) - (a.lastTurnAt ?? 0) || (a.id < b.id ? -1 : 1);
}

function soonestOf({ phase, nextWarmAt }: ConversationView): number {
  return phase === "warming" ? 0 : (nextWarmAt ?? Number.MAX_SAFE_INTEGER);
}

function nextWarmCell({ phase, nextWarmAt }: ConversationView, { now }: Told): Cell {
  return phase === "warming" ? "warming" : until(nextWarmAt, now);
}

/** Of the last turn's prompt, and of the last warm's: what was read from the cache. */
function cacheCell({ lastTurnPct, lastPct }: ConversationView): Cell {
  if (lastTurnPct === null && lastPct === null) return NONE;
  return `${lastTurnPct ?? NONE}/${lastPct ?? NONE} %`;
}

function netCell({ money }: ConversationView): Cell {
  if (money === null) return NONE;
  const { net, netAmount } = shownInDollars(money);
  return netAmount === 0 ? net : { text: net, style: netAmount > 0 ? "green" : "red" };
}

function dimmed(text: string, usual: string): Cell {
  return text === usual ? { text, style: "dim" } : text;
}
