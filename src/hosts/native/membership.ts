/**
 * A program among the others of its person: no two of them warm the same prefix, all of them share the day's limit, its
 * warms are in the one report, and its conversations are seen and steered where the hub is.
 */
import type { Keeper, KeeperOptions } from "../../capture/index.ts";
import type { Disposable, Logger, Prices, StorageNamespace, Timers } from "../../host.ts";
import {
  createLink,
  createSpool,
  createWarmLeases,
  noteHappenings,
  programFile,
  sharedSpending,
} from "../../hub/index.ts";
import { POLICY_NAMESPACE } from "../../policy/index.ts";
import { createJsonFileStorage } from "../../storage/index.ts";
import { atExit } from "./at-exit.ts";
import { linkedProgram } from "./linked-program.ts";

export interface MembershipOptions {
  /** What the program is called in lists and file names. Letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  readonly stateDirectory: string;
  /** The folder that its conversations are about. */
  readonly cwd: string;
  /** Why nothing may be warmed, as a sentence; null when nothing speaks against it. */
  readonly trouble: string | null;
  readonly prices: Prices;
  /** For how long a conversation is kept warm of which nobody chose anything. */
  readonly keepWarm: string;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
}

export interface Membership {
  /** For conversations' settings, where the program has no better place. */
  readonly settings: StorageNamespace;
  /** For what is learned of pauses. */
  readonly learned: StorageNamespace;
  /** What the last day cost all of the person's programs. */
  readonly spending: StorageNamespace;
  readonly ledger: StorageNamespace;
  readonly mayWarm: NonNullable<KeeperOptions["mayWarm"]>;
  enter(keeper: Keeper): Member;
}

/** Disposed of, it disposes of its keeper, gives its leases back and writes what was booked. */
export interface Member extends Disposable {
  /** Its person has switched a conversation. */
  switched(conversationId: string, enabled: boolean): void;
}

/** The namespace of settings: that of the manifest. */
const SETTINGS_NAMESPACE = "cache-warming";

export function createMembership(options: MembershipOptions): Membership {
  const { name, stateDirectory, cwd, trouble, prices, keepWarm, logger, timers, now } = options;
  const files = createJsonFileStorage({ file: programFile(stateDirectory, name), logger });
  const spool = createSpool({ stateDirectory, host: name });
  const leases = createWarmLeases({ stateDirectory, host: name, now });

  return {
    settings: files.namespace(SETTINGS_NAMESPACE),
    learned: files.namespace(POLICY_NAMESPACE),
    spending: sharedSpending(stateDirectory, logger),
    ledger: spool.storage,
    mayWarm: (warm) =>
      trouble === null ? leases.mayWarm(warm) : Promise.resolve({ error: trouble, permanent: true }),
    enter(keeper) {
      const link = createLink({
        stateDirectory,
        program: linkedProgram({
          host: name,
          keeper,
          prices,
          keepWarm,
          cwd,
          now,
          switched: (conversationId, enabled) => happenings.switched(conversationId, enabled),
        }),
        timers,
        logger,
      });
      const happenings = noteHappenings({ keeper, logger, now, tell: link.happened });
      // At once, because nothing is waited for any more.
      const giveBack = () => {
        leases.releaseAll();
        spool.flush();
      };
      const ends = [
        leases.follow(keeper),
        keeper.surface.subscribe(link.changed),
        happenings.end,
        link.close,
        atExit(giveBack),
      ];
      return {
        switched: happenings.switched,
        dispose() {
          for (const end of ends.splice(0)) end();
          keeper.dispose();
          giveBack();
        },
      };
    },
  };
}
