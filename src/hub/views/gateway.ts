/** What is told of the gateway itself. Times are epoch ms. */
import * as z from "zod/mini";

/** A command that `keepwarm run` started and that is still alive. */
export interface RunView {
  readonly runId: string;
  readonly pid: number;
  /** The program's name. Its arguments may hold secrets, and stay where they are. */
  readonly command: string;
  /** The folder it was started in; null: not told. */
  readonly cwd: string | null;
  readonly startedAt: number;
}

/** A program with keepwarm inside it. */
export interface HostView {
  /** What it is called: `pi`. */
  readonly host: string;
  readonly pid: number;
  /** Of the keepwarm inside it. */
  readonly version: string;
  readonly since: number;
  /** How many it has open. */
  readonly conversations: number;
}

/** Which lifetime of cache entries would suit the gateway's person. */
export interface TierView {
  /** What `--tier` says; null: requests go as they come. */
  readonly set: string | null;
  /** Of the conversation used last, for which this holds. */
  readonly modelName: string;
  /** `5m alone`, `5m + warms`, `1h alone` or `1h + warms`. */
  readonly cheapest: string;
  /** What each would cost by the person's past, relative to `5m alone`. */
  readonly relativeCost: Readonly<Record<string, number>>;
  /** It rests on the person's own past more than on what suits most people. */
  readonly isOwn: boolean;
}

export interface GatewayInfo {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  /** Where agents send their requests. */
  readonly gatewayUrl: string;
  /** Where they are passed on to, without credentials. */
  readonly upstream: string;
  /** A conversation of which nothing is stored is switched on by its first turn. */
  readonly enableNew: boolean;
  /** For how long a conversation is kept warm of which nobody chose anything, in the policy's words. */
  readonly keepWarm: string;
  /** The console's page is served beside this API. */
  readonly page: boolean;
  /** It hands warms to the workers of a fleet. */
  readonly fleet: boolean;
  /** Its settings that are not the defaults, as flags of `keepwarm start`. */
  readonly flags: readonly string[];
  readonly runs: readonly RunView[];
  /** Programs with keepwarm inside them, whose conversations stand beside the gateway's own. */
  readonly hosts: readonly HostView[];
  /** Captured requests held in memory, in bytes, and how many may be. */
  readonly heldBytes: number;
  readonly maxHeldBytes: number;
  readonly warmsInFlight: number;
  /** Turns that have begun, and warms that were sent, since it started. */
  readonly turns: number;
  readonly warms: number;
  /** Rises with whatever happens to pre-warms: then `GET /v1/prewarm` tells something new. */
  readonly preWarms: number;
  /** Null: nothing has passed yet. */
  readonly tier: TierView | null;
}

/** Something that is wrong, until it is not any more. */
export interface ProblemView {
  readonly about: "upstream" | "storage" | "fleet";
  readonly since: number;
  /** What is wrong, and what that means, for people. */
  readonly sentence: string;
}

export interface HealthView {
  /** There is no problem. */
  readonly ok: boolean;
  readonly problems: readonly ProblemView[];
  readonly startedAt: number;
  /** Memory of the process, in bytes. */
  readonly residentBytes: number;
  /** Who listens to events: pages, terminals. */
  readonly listeners: number;
}

// Loose throughout: a newer gateway may tell more than this client knows.
export const gatewayInfo = z.looseObject({
  version: z.string(),
  pid: z.number(),
  startedAt: z.number(),
  gatewayUrl: z.string(),
  upstream: z.string(),
  enableNew: z.boolean(),
  keepWarm: z.string(),
  page: z.boolean(),
  fleet: z._default(z.boolean(), false),
  flags: z.array(z.string()),
  runs: z.array(
    z.looseObject({
      runId: z.string(),
      pid: z.number(),
      command: z.string(),
      cwd: z.nullable(z.string()),
      startedAt: z.number(),
    }),
  ),
  hosts: z._default(
    z.array(
      z.looseObject({
        host: z.string(),
        pid: z.number(),
        version: z.string(),
        since: z.number(),
        conversations: z.number(),
      }),
    ),
    [],
  ),
  heldBytes: z.number(),
  maxHeldBytes: z.number(),
  warmsInFlight: z.number(),
  turns: z.number(),
  warms: z.number(),
  preWarms: z._default(z.number(), 0),
  tier: z.nullable(
    z.looseObject({
      set: z.nullable(z.string()),
      modelName: z.string(),
      cheapest: z.string(),
      relativeCost: z.record(z.string(), z.number()),
      isOwn: z.boolean(),
    }),
  ),
});

export const healthView = z.looseObject({
  ok: z.boolean(),
  problems: z.array(
    z.looseObject({
      about: z.enum(["upstream", "storage", "fleet"]),
      since: z.number(),
      sentence: z.string(),
    }),
  ),
  startedAt: z.number(),
  residentBytes: z.number(),
  listeners: z.number(),
});
