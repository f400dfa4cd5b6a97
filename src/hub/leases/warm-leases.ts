/** Asked right before each warm: whether another process keeps the same prefix warm. */
import {
  type CapturedRequest,
  decodeBody,
  headerPairs,
  headerValue,
  namePrefix,
} from "../../anthropic/index.ts";
import type { Keeper, PlannedWarm } from "../../capture/index.ts";
import type { WarmFailure } from "../../host.ts";
import { leaseKey } from "./key.ts";
import { createLeases, type LeaseOptions } from "./lease-files.ts";
import type { Leases } from "./leases.ts";

export interface WarmLeases {
  /** Why it must not be sent; null when it may. Never rejects. */
  mayWarm(warm: PlannedWarm): Promise<WarmFailure | null>;
  /** Gives leases back as soon as what they were for is over. Returns the way to end that. */
  follow(keeper: Keeper): () => void;
  releaseAll(): void;
}

export function createWarmLeases(options: LeaseOptions): WarmLeases {
  return warmLeasesBy(createLeases(options), async () => leaseKey(options.stateDirectory));
}

/** @param askKey the key by which all processes of a person name prefixes; asked until it is told */
export function warmLeasesBy(leases: Leases, askKey: () => Promise<string>): WarmLeases {
  const names = new Map<string, string>();
  /** What asks for a lease now; false once it was let go of meanwhile. */
  const asking = new Map<string, boolean>();
  let key: string | undefined;

  function release(conversationId: string): void {
    const name = names.get(conversationId);
    if (name === undefined) return;
    names.delete(conversationId);
    // Unless another conversation of this process is at the same point.
    if (![...names.values()].includes(name)) leases.release(name);
  }

  return {
    async mayWarm({ conversationId, request, lifeMs }) {
      try {
        key ??= await askKey();
        const name = nameOf(request, key);
        // What cannot be read is not sent anyway.
        if (name === null) return null;
        if (names.get(conversationId) !== name) release(conversationId);
        asking.set(conversationId, true);
        const answer = await leases.take(name, lifeMs);
        if (answer.granted) {
          names.set(conversationId, name);
          if (asking.get(conversationId) === true) return null;
          release(conversationId);
          return LET_GO;
        }
        return answer.holder === null ? ASKED_AT_ONCE : { error: heldBy(answer.holder), permanent: true };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { error: `it cannot be told whether another process warms this prefix (${reason})` };
      } finally {
        asking.delete(conversationId);
      }
    },
    follow({ events, surface, warmer }) {
      const letGo = (conversationId: string) => {
        if (asking.has(conversationId)) asking.set(conversationId, false);
        release(conversationId);
      };
      const over = ({ conversationId }: { readonly conversationId: string }) => letGo(conversationId);
      const names = ["turnStarted", "conversationClosed", "conversationDetached"] as const;
      for (const name of names) events.on(name, over);
      const unsubscribe = surface.subscribe((conversationId) => {
        if (!warmer.getState(conversationId).enabled) letGo(conversationId);
      });
      return () => {
        for (const name of names) events.off(name, over);
        unsubscribe();
      };
    },
    releaseAll: () => leases.releaseAll(),
  };
}

const ASKED_AT_ONCE: WarmFailure = {
  error: "another process is about to warm this prefix",
  retryAfterMs: 2_000,
};

const LET_GO: WarmFailure = {
  error: "it was let go of while it was asked whether another process warms this prefix",
  permanent: true,
};

function heldBy({ host, pid }: { readonly host: string; readonly pid: number }): string {
  return `another keepwarm keeps this prefix warm already (${host}, process ${pid})`;
}

function nameOf({ headers, body }: CapturedRequest, key: string): string | null {
  const decoded = decodeBody(body, headerValue(headerPairs(headers), "content-encoding"));
  return decoded.ok ? namePrefix(decoded.bytes, key) : null;
}
