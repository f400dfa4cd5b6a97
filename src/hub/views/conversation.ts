/** What is told of a conversation. Times are epoch ms, percentages 0–100, amounts US dollars. */
import * as z from "zod/mini";
import type { SurfaceSpec } from "../../host.ts";
import { type MoneyView, moneyView } from "./money.ts";

/** What the policy said last of an idle conversation. */
export interface PlanView {
  /** The policy that decides, in its own words: `auto`, `30m`, `always`, … */
  readonly policy: string;
  /** `warm`: at `at`; `wait`: asked again at `at`; `stop`: nothing more until a fact changes. */
  readonly action: "warm" | "wait" | "stop";
  readonly at: number | null;
  /** Why, as a sentence. */
  readonly reason: string;
  /** USD that the plan is expected to save, less what its warms cost. */
  readonly expectedNetUsd: number;
  /** Chance, 0–1, that the person is back before the prefix would lapse after the next warm. */
  readonly pReturn: number;
}

export interface ConversationView {
  readonly id: string;
  /** The program that keeps it warm itself, such as `pi`; null: this gateway. */
  readonly host: string | null;
  /** Its client named it; otherwise the id is keepwarm's own, and gone with the process. */
  readonly named: boolean;
  /** Name of the project's folder, for a title; null: not known. */
  readonly folder: string | null;
  /** That folder's whole path. */
  readonly cwd: string | null;
  /** The command it belongs to, which `keepwarm run` started; null: none that is attached. */
  readonly run: { readonly runId: string; readonly command: string } | null;
  readonly modelName: string | null;
  readonly phase: "off" | "generating" | "idle" | "warming" | "lapsed" | "stopped";
  /** Why nothing is being warmed, or what else is to be said of it, as a sentence. */
  readonly why: string | null;
  readonly enabled: boolean;
  /** As chosen; until somebody chooses, what a known TTL makes it. */
  readonly intervalMs: number;
  /** The interval is the person's choice; otherwise a known TTL decides. */
  readonly intervalChosen: boolean;
  /** For how long it is kept warm, in the policy's words; null: what holds where nobody chose. */
  readonly keepWarm: string | null;
  /** Null: it is off, or the policy has not been asked since the last turn. */
  readonly plan: PlanView | null;
  /** Share of the last warm's prompt that was read from the cache. */
  readonly lastPct: number | null;
  /** Share of the last warm's cached tokens that were read rather than written: its retention. */
  readonly lastExpectedPct: number | null;
  /** The same two of the last turn. */
  readonly lastTurnPct: number | null;
  readonly lastTurnExpectedPct: number | null;
  readonly lastWarmAt: number | null;
  readonly nextWarmAt: number | null;
  readonly lastTurnAt: number | null;
  /** When the prefix was last used: the start of a turn's last request, or of a warm. */
  readonly lastUsedAt: number | null;
  /** When the prefix lapses, or has lapsed, unless it is used before; five minutes are assumed where no TTL is known. */
  readonly lapsesAt: number | null;
  readonly ttlMs: number | null;
  /** Cached tokens of the last turn: what a warm reads, and a return after a lapse writes again. */
  readonly prefixTokens: number | null;
  /** Threads beside the main one that were seen lately: titles, sub-agents, forks. */
  readonly sideThreads: number;
  /** Null: nothing was ever warmed, nor saved. */
  readonly money: MoneyView | null;
  /** What the cached part of a return would cost now: read, and written again. Null: the price is not known. */
  readonly returnUsd: { readonly warm: number; readonly cold: number } | null;
  /** What a host would show, as data; its actions are posted to `/v1/conversations/:id/action`. */
  readonly surface: SurfaceSpec;
}

/** What is to come of an idle conversation. */
export interface OutlookView {
  readonly conversationId: string;
  /** Of when it is. */
  readonly at: number;
  readonly plan: PlanView | null;
  /**
   * Chance, 0–1, that the person has come back so long after `at`. It rises, and ends below 1 where the
   * conversation may be over. Empty: there is nothing idle to reckon with.
   */
  readonly curve: readonly { readonly afterMs: number; readonly returned: number }[];
  /** Warms that go out if nobody comes back, until the policy stops: those of a day, or the first few hundred. */
  readonly warms: readonly { readonly at: number; readonly usd: number | null }[];
  /** Warms a day, where they go on after those; null: those are all. */
  readonly warmsADay: number | null;
  /** See {@link ConversationView}. */
  readonly returnUsd: { readonly warm: number; readonly cold: number } | null;
  /** What one warm costs; null: the price is not known. */
  readonly warmUsd: number | null;
}

const when = z.nullable(z.number());
const returnUsd = z.nullable(z.looseObject({ warm: z.number(), cold: z.number() }));

const planView = z.looseObject({
  policy: z.string(),
  action: z.enum(["warm", "wait", "stop"]),
  at: when,
  reason: z.string(),
  expectedNetUsd: z.number(),
  pReturn: z.number(),
});

export const conversationView = z.looseObject({
  id: z.string(),
  host: z._default(z.nullable(z.string()), null),
  named: z.boolean(),
  folder: z.nullable(z.string()),
  cwd: z.nullable(z.string()),
  run: z.nullable(z.looseObject({ runId: z.string(), command: z.string() })),
  modelName: z.nullable(z.string()),
  phase: z.enum(["off", "generating", "idle", "warming", "lapsed", "stopped"]),
  why: z.nullable(z.string()),
  enabled: z.boolean(),
  intervalMs: z.number(),
  intervalChosen: z.boolean(),
  keepWarm: z.nullable(z.string()),
  plan: z.nullable(planView),
  lastPct: z.nullable(z.number()),
  lastExpectedPct: z.nullable(z.number()),
  lastTurnPct: z.nullable(z.number()),
  lastTurnExpectedPct: z.nullable(z.number()),
  lastWarmAt: when,
  nextWarmAt: when,
  lastTurnAt: when,
  lastUsedAt: when,
  lapsesAt: when,
  ttlMs: z.nullable(z.number()),
  prefixTokens: z.nullable(z.number()),
  sideThreads: z.number(),
  money: z.nullable(moneyView),
  returnUsd,
  // Passed on to what renders it, which reads as much of it as it knows.
  surface: z.custom<SurfaceSpec>((value) => typeof value === "object" && value !== null),
});

export const outlookView = z.looseObject({
  conversationId: z.string(),
  at: z.number(),
  plan: z.nullable(planView),
  curve: z.array(z.looseObject({ afterMs: z.number(), returned: z.number() })),
  warms: z.array(z.looseObject({ at: z.number(), usd: z.nullable(z.number()) })),
  warmsADay: z._default(z.nullable(z.number()), null),
  returnUsd,
  warmUsd: z.nullable(z.number()),
});
