/** A catalogue at work: its schedules and triggers, what traffic makes of it, and what became of each pre-warm. */
import type { MessageUsage } from "../anthropic/index.ts";
import type { CacheWriteSplit, StorageNamespace, Timers } from "../host.ts";
import { createBeforeLapse } from "./before-lapse.ts";
import { repeat } from "./cache/index.ts";
import { messageOf } from "./cache/schedule.ts";
import type { CatalogueProblem, PrefixEntry } from "./catalogue-file.ts";
import type { Difference } from "./difference.ts";
import type { Trigger } from "./entry.ts";
import { createHistory } from "./history.ts";
import type { Judgement } from "./judge.ts";
import type { Cause, PreWarmed } from "./pre-warmed.ts";
import type { PreWarmer } from "./pre-warmer.ts";
import { createReading, type ReadingDeps } from "./reading.ts";
import { createSightings, type SightingEvents, type Sightings } from "./sightings.ts";
import { createStartsAhead, HOT_STARTS, LOOK_MS } from "./starts-ahead.ts";
import { repeatSchedules, watchCatalogue } from "./tending.ts";
import type { WarmRecords } from "./warm-record.ts";

export interface PrewarmingDeps extends Omit<ReadingDeps, "preWarmer"> {
  readonly preWarmer: PreWarmer;
  readonly records: WarmRecords;
  readonly storage: StorageNamespace;
  readonly nameKey: string;
  readonly timers: Timers;
  /** Epoch ms. */
  readonly now: () => number;
  /** A first turn has read what only a pre-warm had kept. */
  readonly read: (name: string, usage: MessageUsage, modelName: string, tokens: CacheWriteSplit) => void;
  /** What is shown of it has changed. */
  readonly changed: () => void;
  /** Told which entries there are, whenever they are read; none once it has stopped. Never rejects. */
  readonly registered?: (entries: readonly PrefixEntry[]) => Promise<void>;
  /** A real request has used an entry's prefix, and was answered. */
  readonly used?: NonNullable<SightingEvents["used"]>;
}

/** What is known of one entry. */
export interface Standing {
  readonly judgement: Judgement;
  /** Why traffic as it was last seen would not read it; null: nothing is known against it. */
  readonly drift: Difference | null;
  /** Epoch ms at which it lapses; null: it is not known to be warm. */
  readonly lapsesAt: number | null;
  /** First turns in this hour that would find it cold, as usual. */
  readonly expectedStarts: number;
}

export interface Prewarming {
  /** Reads the catalogue, warms what is to be warm from the start, and watches. Nothing when it does already. */
  start(): void;
  /** Nothing more is sent from now on, and what is on its way is called off. Resolves once that is over. */
  stop(): Promise<void>;
  /** A round is under way, or about to be. */
  readonly isBusy: boolean;
  /** Told of each pre-warm as soon as it was sent. */
  sent(done: PreWarmed): void;
  readonly notice: Sightings["notice"];
  standings(): readonly Standing[];
  problems(): readonly CatalogueProblem[];
  /** Prefixes that are begun with often, and are not in the catalogue. */
  uncatalogued(): number;
  /** Why nothing is warmed, for people; null: nothing is in the way. */
  trouble(): string | null;
  /** The last first. */
  history(): readonly PreWarmed[];
}

export function createPrewarming(deps: PrewarmingDeps): Prewarming {
  const { preWarmer, records, storage, timers, now, logger } = deps;
  const history = createHistory(storage, logger);
  const starts = createStartsAhead(storage);
  const drifts = new Map<string, Difference>();
  /** Why each was refused last. */
  const refusals = new Map<string, string | null>();
  const reading = createReading(deps);
  const { entryOf, judgementOf } = reading;
  let working: { readonly abort: AbortController; ends: (() => void)[] } | null = null;
  let rounds = new Set<Promise<unknown>>();

  const sightings = createSightings(
    deps.nameKey,
    {
      started: starts.started,
      ...(deps.used === undefined ? {} : { used: deps.used }),
      read: deps.read,
      missed(name, at) {
        const ttlMs = judgementOf(name)?.facts?.ttlMs ?? null;
        if (ttlMs !== null && entryOf(name)?.triggers.includes("miss")) missed.wait(name, ttlMs, at);
      },
      drifted(name, difference) {
        const isNews = drifts.get(name)?.sentence !== difference.sentence;
        drifts.set(name, difference);
        if (!isNews) return;
        logger.warn(`keepwarm: the catalogue has drifted: ${difference.sentence}`, { prefix: name });
        deps.changed();
      },
      agreed(name) {
        if (drifts.delete(name)) deps.changed();
      },
    },
    now,
  );

  /** What first turns have missed lives for one more time. */
  const missed = createBeforeLapse({
    timers,
    now,
    usedAt: sightings.usedAt,
    due: (name) => void missedAgain(name),
  });

  async function missedAgain(name: string): Promise<void> {
    const own = working;
    // What it is made of may be old, where nobody tells of changes.
    if (entryOf(name)?.hasArtifacts === true) {
      await load("miss");
      if (working !== own || own === null) return;
      await register(own);
    }
    await round((entry) => entry.name === name, "miss", true);
  }

  async function start(): Promise<void> {
    const abort = new AbortController();
    const own = { abort, ends: [] as (() => void)[] };
    working = own;
    await Promise.all([records.load(now()), history.load(), starts.load()]).catch((error) =>
      logger.error("keepwarm: could not read what is known of pre-warms", { error: messageOf(error) }),
    );
    await load("connect");
    if (working !== own) return;
    await register(own);
    await attach();
    await round((entry) => entry.triggers.includes("connect"), "connect");
  }

  async function register(own: typeof working): Promise<void> {
    await deps.registered?.(reading.catalogue.entries);
    // It was switched off meanwhile: what came last holds.
    if (working !== own) await deps.registered?.([]);
  }

  async function load(trigger: Trigger): Promise<ReadonlySet<string>> {
    const added = await reading.load(trigger, working?.abort.signal ?? AbortSignal.abort());
    sightings.know(reading.judgements);
    deps.changed();
    return added;
  }

  async function attach(): Promise<void> {
    const own = working;
    if (own === null) return;
    for (const end of own.ends.splice(0)) end();
    own.ends.push(
      ...repeatSchedules(reading.catalogue.entries, {
        timers,
        now,
        due: (names) => round(({ name }) => names.has(name), "schedule", true),
      }),
      repeat({ everyMs: LOOK_MS }, lookAhead, { timers, now }),
    );
    if (deps.catalogue === null) return;
    const changed = (names: readonly string[]) => void stirred(names);
    const end = await watchCatalogue(deps.catalogue, reading.catalogue, { timers, changed });
    if (working === own) own.ends.push(end);
    else end();
  }

  async function stirred(names: readonly string[]): Promise<void> {
    const own = working;
    const added = await load("commit");
    if (working !== own || own === null) return;
    await register(own);
    await attach();
    const isNew = ({ name, triggers }: PrefixEntry) => added.has(name) && triggers.includes("connect");
    const isChanged = ({ name, triggers }: PrefixEntry) =>
      names.includes(name) && triggers.includes("commit") && !added.has(name);
    await Promise.all([round(isNew, "connect"), round(isChanged, "commit", true)]);
  }

  /** Only what is expected to save more than it costs. */
  async function lookAhead(): Promise<void> {
    const isDue = ({ name }: PrefixEntry): boolean => {
      const judgement = judgementOf(name);
      if (judgement === undefined) return false;
      // Whoever used it last: in doubt it is alive, and nothing is sent.
      const usedUntil = (sightings.usedAt(name) ?? 0) + (judgement.facts?.ttlMs ?? 0);
      return starts.isDue(judgement, Math.max(lapseOf(name) ?? 0, usedUntil), now());
    };
    await round(isDue, "hours", true);
  }

  function lapseOf(name: string): number | null {
    const entry = entryOf(name);
    const known =
      entry === undefined || reading.apiKey === undefined ? null : preWarmer.recordOf(entry, reading.apiKey);
    return known === null ? null : known.startedAt + known.ttlMs;
  }

  function round(
    isMeant: (entry: PrefixEntry) => boolean,
    cause: Cause,
    refresh = false,
  ): Promise<readonly PreWarmed[]> {
    const own = working;
    const entries = reading.catalogue.entries.filter(isMeant);
    if (own === null || entries.length === 0) return Promise.resolve([]);
    const { signal } = own.abort;
    const running = preWarmer.warm(entries, { cause, refresh, signal }).then(
      (done) => {
        // What was sent has been told of.
        for (const one of done) if (one.costUsd === null) note(one);
        return done;
      },
      (error) => {
        reading.fails(messageOf(error));
        return [];
      },
    );
    rounds.add(running);
    return running.finally(() => rounds.delete(running));
  }

  function note(done: PreWarmed): void {
    sightings.preWarmed(done);
    const { name: prefix, cause, outcome, usage, why } = done;
    if (outcome === "warm") return;
    // It is asked for again at each look ahead, and refused until something changes.
    const isSaid = outcome === "refused" && cause === "hours" && refusals.get(prefix) === why;
    refusals.set(prefix, outcome === "refused" ? why : null);
    if (isSaid) return;
    history.add(done);
    deps.changed();
    const attributes = {
      prefix,
      cause,
      read: usage?.cacheReadTokens ?? 0,
      wrote: usage?.cacheWriteTokens ?? 0,
    };
    if (why === null) logger.info("keepwarm: pre-warmed", attributes);
    else logger.warn(`keepwarm: a prefix was not pre-warmed: ${why}`, { ...attributes, outcome });
  }

  return {
    start() {
      if (working !== null) return;
      const starting = start().catch((error) =>
        logger.error("keepwarm: pre-warming could not begin", { error: messageOf(error) }),
      );
      rounds.add(starting);
      void starting.finally(() => rounds.delete(starting));
    },
    async stop() {
      const own = working;
      working = null;
      own?.abort.abort(new Error("pre-warming was switched off"));
      for (const end of own?.ends ?? []) end();
      missed.clear();
      const underway = [...rounds];
      rounds = new Set();
      if (own !== null) await deps.registered?.([]);
      await Promise.allSettled(underway);
      await history.stored();
    },
    get isBusy() {
      return rounds.size > 0;
    },
    sent: note,
    notice(request) {
      try {
        const answered = working === null ? null : sightings.notice(request);
        return (
          answered &&
          ((usage) => {
            try {
              answered(usage);
            } catch (error) {
              logger.error("keepwarm: a first turn could not be taken note of", { error: messageOf(error) });
            }
          })
        );
      } catch (error) {
        logger.error("keepwarm: a request could not be taken note of", { error: messageOf(error) });
        return null;
      }
    },
    standings: () =>
      reading.judgements.map((judgement) => {
        const { name } = judgement.entry;
        return {
          judgement: preWarmer.judge(judgement.entry, reading.apiKey),
          drift: drifts.get(name) ?? null,
          lapsesAt: lapseOf(name),
          expectedStarts: starts.expected(name, now()),
        };
      }),
    problems: () => reading.catalogue.problems,
    uncatalogued: () => sightings.others.hotKeys(HOT_STARTS).length,
    trouble: () => reading.trouble,
    history: () => history.all(),
  };
}
