/** What real traffic does with the catalogue's prefixes: who reads them, who misses them, who has drifted from them. */
import type { CapturedHeaders, MessageUsage, RequestFacts, ThreadPrint } from "../anthropic/index.ts";
import type { CacheWriteSplit } from "../host.ts";
import type { Instant } from "../pure.ts";
import { AccessTracker } from "./cache/index.ts";
import type { PrefixEntry } from "./catalogue-file.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { type Judgement, TTL_OF_NONE_MS } from "./judge.ts";
import type { PreWarmed } from "./pre-warmed.ts";
import { type Parsed, type Piece, parsedRequest, piecesOf, prefixName, sharedPieces } from "./prefix.ts";

/** A request that passed; as `capture` tells of it. */
export interface Sighted {
  readonly conversationId: string;
  /** Not held on to. */
  readonly body: Uint8Array;
  readonly print: Pick<ThreadPrint, "chain">;
  readonly facts: Pick<RequestFacts, "model">;
  readonly startedAt: Instant;
  readonly headers?: CapturedHeaders;
}

export interface SightingEvents {
  /** A real request has used it, and was answered: it is warm from `at` on, for whoever holds the same key. */
  used?(name: string, at: number, headers: CapturedHeaders): void;
  /** A first turn came when nobody had used the prefix for as long as it lives. */
  started(name: string, at: number): void;
  /** A first turn read what only a pre-warm had kept. */
  read(name: string, usage: MessageUsage, modelName: string, tokens: CacheWriteSplit): void;
  /** First turns have found it cold again and again; the last went out then. */
  missed(name: string, at: number): void;
  /** Traffic sends something like it that would never read it. */
  drifted(name: string, difference: Difference): void;
  /** It is sent as the entry says after all. */
  agreed(name: string): void;
}

export interface Sightings {
  /** The entries that there are from now on. */
  know(judgements: readonly Judgement[]): void;
  preWarmed(done: PreWarmed): void;
  notice(request: Sighted): ((usage: MessageUsage) => void) | null;
  /** Epoch ms at which a real request last used it; null: not known. */
  usedAt(name: string): number | null;
  /** How often prefixes are begun with that are not in the catalogue, by their keyed hashes. */
  readonly others: AccessTracker<string>;
}

interface Known {
  readonly entry: PrefixEntry;
  readonly request: Parsed;
  readonly pieces: readonly Piece[];
  readonly prefix: string;
  readonly ttlMs: number;
  readonly isHour: boolean;
  tokens: number;
  /** Epoch ms of the last pre-warm; null before there was one. */
  preWarmedAt: number | null;
  /** Of the last real request; null: none since a pre-warm found it cold; undefined: not known. */
  usedAt: number | null | undefined;
  /** Epoch ms of first turns that found it cold. */
  misses: number[];
}

/** So many cold first turns within an hour are repeated ones. */
const REPEATED = 2;
const MISS_WINDOW_MS = 3_600_000;
/** Of a prefix's bytes, more than this in common is the same prefix, changed. */
const ALIKE = 0.5;
const MOST_COMPARED = 100;
const MOST_CONVERSATIONS = 10_000;
const WEEK_MS = 7 * 86_400_000;

export function createSightings(nameKey: string, events: SightingEvents, now: () => number): Sightings {
  let known = new Map<string, Known>();
  let byPrefix = new Map<string, Known[]>();
  let mostMessages = 0;
  let lengths: readonly number[] = [];
  const conversations = new Map<string, readonly string[]>();
  const others = new AccessTracker<string>({ halfLifeMs: WEEK_MS, now });

  function matching(model: string, pieces: readonly Piece[]): Known[] {
    return lengths.flatMap((length) =>
      length > pieces.length ? [] : (byPrefix.get(prefixName(model, pieces.slice(0, length), nameKey)) ?? []),
    );
  }

  /** That it was used is told once it was answered, by what the answer says of the cache. */
  function tellUse(it: Known, usage: MessageUsage, at: number, headers: CapturedHeaders): void {
    const cached = usage.cacheReadTokens + usage.cacheWriteTokens;
    if (cached > 0 && 2 * cached >= it.tokens) events.used?.(it.entry.name, at, headers);
  }

  function answered(it: Known, usage: MessageUsage, at: number, modelName: string): void {
    const { entry, ttlMs, tokens } = it;
    const { name } = entry;
    const wasUsed = it.usedAt === undefined || (it.usedAt !== null && at - it.usedAt <= ttlMs);
    const isCovered = it.preWarmedAt !== null && at >= it.preWarmedAt && at - it.preWarmedAt <= ttlMs;
    const read = Math.min(usage.cacheReadTokens, tokens);
    const isRead = 2 * read >= tokens;
    // Not known is not a start: after a restart somebody may have been at work.
    if (it.usedAt === null || (it.usedAt !== undefined && !wasUsed) || (!isRead && it.usedAt === undefined))
      events.started(name, at);
    if (isRead && isCovered && !wasUsed) {
      const split = it.isHour ? { ttl5mTokens: 0, ttl1hTokens: read } : { ttl5mTokens: read, ttl1hTokens: 0 };
      events.read(name, usage, modelName, split);
    }
    it.usedAt = Math.max(at, it.usedAt ?? 0);
    if (isRead) {
      it.misses = [];
      return;
    }
    it.misses = [...it.misses.filter((one) => at - one < MISS_WINDOW_MS), at];
    if (it.misses.length < REPEATED) return;
    it.misses = [];
    events.missed(name, at);
  }

  function tellDrift(request: Parsed, matched: readonly Known[]): void {
    if (matched.length > 0) {
      for (const { entry, request: own } of matched) {
        const difference = differenceOf(own, request);
        if (difference === null) events.agreed(entry.name);
        else events.drifted(entry.name, difference);
      }
      return;
    }
    const alive = [...known.values()].filter(
      ({ preWarmedAt, ttlMs, request: own }) =>
        own.model === request.model && preWarmedAt !== null && now() - preWarmedAt <= ttlMs,
    );
    const closest = alive
      .slice(0, MOST_COMPARED)
      .map(({ entry, request: own }) => ({ entry, difference: differenceOf(own, request) }))
      .toSorted((a, b) => (b.difference?.shared ?? 0) - (a.difference?.shared ?? 0))[0];
    const difference = closest?.difference ?? null;
    if (closest && difference !== null && difference.shared >= ALIKE)
      events.drifted(closest.entry.name, difference);
  }

  return {
    others,
    know(judgements) {
      const before = known;
      known = new Map();
      byPrefix = new Map();
      for (const { entry, facts, problems, prefixTokens } of judgements) {
        const request = parsedRequest(entry.body);
        if (request === undefined || facts === null || problems.length > 0) continue;
        const pieces = sharedPieces(piecesOf(request));
        const prefix = prefixName(facts.model, pieces, nameKey);
        const earlier = before.get(entry.name);
        const same = earlier?.prefix === prefix ? earlier : null;
        const one: Known = {
          entry,
          request,
          pieces,
          prefix,
          ttlMs: facts.ttlMs ?? TTL_OF_NONE_MS,
          isHour: facts.markers.some(({ ttl }) => ttl === "1h"),
          tokens: same?.tokens ?? prefixTokens,
          preWarmedAt: same?.preWarmedAt ?? null,
          usedAt: same?.usedAt,
          misses: same?.misses ?? [],
        };
        known.set(entry.name, one);
        byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), one]);
      }
      const all = [...known.values()];
      lengths = [...new Set(all.map(({ pieces }) => pieces.length))];
      mostMessages = Math.max(0, ...all.map(({ pieces }) => pieces.at(-1)?.message ?? 0));
    },
    preWarmed({ name, outcome, at, usage }) {
      const it = known.get(name);
      if (it === undefined || usage === null) return;
      it.preWarmedAt = at;
      it.tokens = usage.cacheReadTokens + usage.cacheWriteTokens;
      // Nobody had kept it until then.
      if (outcome === "wrote") it.usedAt = null;
    },
    notice({ conversationId, body, print, facts, startedAt, headers = {} }) {
      const at = startedAt.wallMs;
      if (print.chain.length > mostMessages + 1) {
        const used = (conversations.get(conversationId) ?? []).flatMap((name) => known.get(name) ?? []);
        for (const it of used) it.usedAt = Math.max(at, it.usedAt ?? 0);
        if (used.length === 0 || events.used === undefined) return null;
        return (usage) => {
          for (const it of used) tellUse(it, usage, at, headers);
        };
      }
      const request = parsedRequest(body);
      if (request === undefined) return null;
      const pieces = piecesOf(request);
      const matched = matching(facts.model, pieces);
      tellDrift(request, matched);
      if (matched.length === 0) {
        const opening = pieces.filter(({ where }) => where !== "messages");
        if (opening.length > 0) others.record(prefixName(facts.model, opening, nameKey));
        return null;
      }
      conversations.delete(conversationId);
      const names = matched.map(({ entry }) => entry.name);
      conversations.set(conversationId, names);
      const [oldest] = conversations.keys();
      if (conversations.size > MOST_CONVERSATIONS && oldest !== undefined) conversations.delete(oldest);
      return (usage) => {
        for (const name of names) {
          const it = known.get(name);
          if (it === undefined) continue;
          answered(it, usage, at, facts.model);
          tellUse(it, usage, at, headers);
        }
      };
    },
    usedAt: (name) => known.get(name)?.usedAt ?? null,
  };
}
