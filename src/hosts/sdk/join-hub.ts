/** `keepwarm/hub`: a program on the SDK among its person's agents. Apart from the rest, so that others do not load it. */
import { listPrices, type PriceTable } from "../../anthropic/index.ts";
import type { Environment } from "../../config/index.ts";
import type { Keeping, Logger, SpendingLimits, Timers } from "../../host.ts";
import { stateDirectory } from "../../storage/index.ts";
import { chosenSettings, createMembership, type Membership } from "../native/index.ts";

export interface JoinHubOptions {
  /** What the program is called on the console and in file names: 1 to 40 letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  /** The folder that its conversations are about. @default process.cwd() */
  readonly cwd?: string;
  /** Where the person's settings and keepwarm's files are is taken from it. @default process.env */
  readonly env?: Environment;
}

/** What a program has of its own when it joins. */
export interface Joining {
  readonly keepWarm: string | undefined;
  readonly limits: SpendingLimits | undefined;
  readonly prices: PriceTable | undefined;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
}

/** Give it to `createKeepwarm`. */
export interface Hub {
  /** @internal */
  join(program: Joining): Membership & { readonly keeping: Keeping };
}

const NAME = /^[\w.-]{1,40}$/;

/**
 * Joins a program to its person's other agents on this machine: it warms nothing that another keeps warm already,
 * shares their limit for a day and their report, and is seen and steered on the console. Where no gateway runs it keeps
 * warm all the same.
 *
 * @throws {TypeError} when the name cannot be part of a file's
 */
export function joinHub({ name, cwd = process.cwd(), env = process.env }: JoinHubOptions): Hub {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TypeError("joinHub: name must be 1 to 40 letters, digits, dots, dashes and underscores.");
  }
  return {
    join({ limits, keepWarm: own, prices, ...rest }) {
      const { settings, trouble } = chosenSettings(env);
      const { keeping } = settings;
      const keepWarm = own ?? keeping.keepWarm ?? "auto";
      const membership = createMembership({
        ...rest,
        name,
        cwd,
        trouble,
        stateDirectory: stateDirectory(env),
        prices: listPrices(prices ?? settings.prices),
        keepWarm,
      });
      const { learned: storage, spending } = membership;
      return {
        ...membership,
        keeping: { keepWarm, limits: stricter(keeping.limits, limits), storage, spending },
      };
    },
  };
}

/** Neither the program's limits nor its person's are exceeded. */
function stricter(one: SpendingLimits = {}, other: SpendingLimits = {}): SpendingLimits {
  const both = (name: keyof SpendingLimits) =>
    [one[name], other[name]].filter((limit) => limit !== undefined);
  const limit = (name: keyof SpendingLimits, choose: (...limits: number[]) => number) => {
    const limits = both(name);
    return limits.length === 0 ? {} : { [name]: choose(...limits) };
  };
  return {
    ...limit("spanUsd", Math.min),
    ...limit("dayUsd", Math.min),
    ...limit("minPrefixTokens", Math.max),
  };
}
