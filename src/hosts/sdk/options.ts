/** What a program may choose, checked: a mistake here would be paid for in warms. */
import * as z from "zod/mini";
import type { TtlOptions, WarmRequestOptions } from "../../anthropic/index.ts";
import type { Logger, SpendingLimits, StorageNamespace, Timers } from "../../host.ts";
import { KEEP_WARM_FORMS, parseKeepWarm } from "../../policy/index.ts";
import type { Hub } from "./join-hub.ts";

export interface KeepwarmOptions
  extends Pick<
    WarmRequestOptions,
    "warmTokens" | "budgetThinking" | "allowSubscription" | "prices" | keyof TtlOptions
  > {
  /** Sends the requests of `keepwarm.fetch` and their warms. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** Switches warming on for conversations that have no setting of their own yet. @default false */
  readonly enableNew?: boolean;
  /** Among the person's other agents on this machine: `joinHub({ name })` of `keepwarm/hub`. @default on its own */
  readonly hub?: Hub;
  /** Where settings are kept. @default in memory: gone with the process; with `hub` a file of the program's own */
  readonly storage?: StorageNamespace;
  /** Where the ledger is kept: what was spent and saved. Not beside `hub`, whose it is then. @default in memory: gone with the process */
  readonly ledger?: StorageNamespace;
  /** @default silent */
  readonly logger?: Logger;
  /**
   * For how long a conversation is kept warm of which nobody chose anything else: `auto`, `break-even`, `always`,
   * `30m`, `3 pings`. @default "auto": as long as it is worth its price
   */
  readonly keepWarm?: string;
  /** Limits that always hold, in dollars at list price and in tokens. @default none */
  readonly limits?: SpendingLimits;
  /** Conversations kept in memory; beyond it the one used longest ago is let go. @default 1_000 */
  readonly maxConversations?: number;
  /** Memory for captured request bodies, in bytes; those used longest ago are let go of. @default 256_000_000 */
  readonly maxHeldBytes?: number;
  /** Warms on their way at once; others wait. @default 4 */
  readonly maxWarms?: number;
  /** Wall clock, epoch ms. @default Date.now */
  readonly now?: () => number;
  /** Monotonic clock, ms. @default performance.now */
  readonly monotonicNow?: () => number;
  /** @default the system's, which do not keep the process alive */
  readonly timers?: Timers;
}

const yesOrNo = z.optional(z.boolean("true or false"));
const A_DURATION = "a number of ms over 0, and no more than a day";
const durationMs = z.optional(
  z.number(A_DURATION).check(z.positive(A_DURATION), z.maximum(86_400_000, A_DURATION)),
);
const AN_AMOUNT = "a number from 0";
const anAmount = z.optional(z.number(AN_AMOUNT).check(z.nonnegative(AN_AMOUNT)));
const A_COUNT = "a whole number over 0";
const aCount = z.optional(z.int(A_COUNT).check(z.positive(A_COUNT)));
const aFunction = z.optional(z.custom((value) => typeof value === "function", "a function"));

function withFunctions(...names: readonly string[]) {
  const hasAll = (value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === "function");
  return z.optional(z.custom(hasAll, `an object with the functions ${names.join(", ")}`));
}

function isHub(value: unknown): boolean {
  return typeof value === "object" && value !== null && "join" in value && typeof value.join === "function";
}

function isPriceTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "models" in value && "asOf" in value;
}

const schema = z.strictObject({
  fetch: aFunction,
  enableNew: yesOrNo,
  hub: z.optional(z.custom(isHub, "what joinHub of keepwarm/hub makes")),
  storage: withFunctions("get", "set", "delete", "has", "keys"),
  ledger: withFunctions("get", "set", "delete", "has", "keys"),
  logger: withFunctions("debug", "info", "warn", "error"),
  keepWarm: z.optional(
    z.string(KEEP_WARM_FORMS).check(z.refine((text) => parseKeepWarm(text) !== null, KEEP_WARM_FORMS)),
  ),
  limits: z.optional(
    z.strictObject(
      { spanUsd: anAmount, dayUsd: anAmount, minPrefixTokens: anAmount },
      "an object with spanUsd, dayUsd or minPrefixTokens, each a number from 0",
    ),
  ),
  maxConversations: aCount,
  maxHeldBytes: aCount,
  maxWarms: aCount,
  warmTokens: z.optional(z.literal([0, 1], "0 or 1")),
  budgetThinking: z.optional(z.enum(["refuse", "stream-abort"], '"refuse" or "stream-abort"')),
  allowSubscription: yesOrNo,
  prices: z.optional(z.custom(isPriceTable, "a price table, as pricesWith makes it")),
  ttl5mMs: durationMs,
  ttl1hMs: durationMs,
  now: aFunction,
  monotonicNow: aFunction,
  timers: withFunctions("setTimer", "clearTimer"),
} satisfies Record<keyof KeepwarmOptions, unknown>);

/** @throws {TypeError} naming the option that is wrong, and what it should be */
export function checkOptions(options: KeepwarmOptions): void {
  const result = schema.safeParse(options);
  if (result.success) {
    if (options.hub === undefined || options.ledger === undefined) return;
    throw new TypeError(
      "createKeepwarm: ledger cannot be given beside hub, which keeps it with the others'.",
    );
  }
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const known = Object.keys(schema.shape).join(", ");
    throw new TypeError(`createKeepwarm: there is no option ${issue.keys.join(", ")}. There are: ${known}.`);
  }
  const name = String(issue?.path[0] ?? "options");
  throw new TypeError(`createKeepwarm: ${name} must be ${issue?.message ?? "an object"}.`);
}
