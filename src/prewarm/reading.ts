/** A catalogue as it was read last: its entries, what can be sent of them, and what is in the way. */
import type { TtlOptions } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import type { WantedArtifact } from "./artifacts.ts";
import { messageOf } from "./cache/schedule.ts";
import { type Catalogue, type PrefixEntry, readCatalogue } from "./catalogue-file.ts";
import type { Trigger } from "./entry.ts";
import type { Judgement } from "./judge.ts";
import type { PreWarmer } from "./pre-warmer.ts";

export interface ReadingDeps {
  /** A file, or a folder; null: none is named. */
  readonly catalogue: string | null;
  readonly preWarmer: Pick<PreWarmer, "judge">;
  /** The configured key. @throws a sentence for people where there is none */
  readonly apiKey: () => string | Promise<string>;
  readonly ttls: TtlOptions;
  readonly logger: Logger;
  /** Where the artifacts of its entries come from, and why they are asked for. @throws a sentence for people */
  readonly artifacts?: (
    wanted: WantedArtifact,
    why: { readonly trigger: Trigger; readonly signal: AbortSignal },
  ) => Promise<string>;
}

export interface Reading {
  readonly catalogue: Catalogue;
  readonly judgements: readonly Judgement[];
  /** The key that it is sent with; undefined: there is none. */
  readonly apiKey: string | undefined;
  /** Why nothing of it can be sent, for people; null: nothing is in the way. */
  readonly trouble: string | null;
  entryOf(name: string): PrefixEntry | undefined;
  judgementOf(name: string): Judgement | undefined;
  /** Reads it anew. Never rejects. @returns the names of entries that were not there before */
  load(trigger: Trigger, signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Something else is in the way. */
  fails(why: string): void;
}

export function createReading(deps: ReadingDeps): Reading {
  const { preWarmer, logger } = deps;
  let catalogue: Catalogue = { entries: [], problems: [], files: [] };
  let judgements: readonly Judgement[] = [];
  let apiKey: string | undefined;
  let trouble: string | null = null;
  let loads = 0;

  async function read(trigger: Trigger, signal: AbortSignal): Promise<Catalogue> {
    if (deps.catalogue === null)
      throw new Error("no catalogue is named: keepwarm config set prewarmCatalogue <file>");
    apiKey = await deps.apiKey();
    const { artifacts: make } = deps;
    const artifacts = make && ((wanted: WantedArtifact) => make(wanted, { trigger, signal }));
    return readCatalogue(deps.catalogue, { ...deps.ttls, ...(artifacts && { artifacts }) });
  }

  function fails(why: string): void {
    trouble = why;
    logger.error(`keepwarm: nothing is pre-warmed: ${why}`);
  }

  function tellProblems(): void {
    for (const { name, file, sentence } of catalogue.problems)
      logger.warn(
        `keepwarm: ${name === null ? "a file" : "an entry"} of the catalogue is left out: ${sentence}`,
        name === null ? { file } : { prefix: name, file },
      );
    for (const { entry, problems } of judgements) {
      const [problem] = problems;
      if (problem !== undefined)
        logger.warn(`keepwarm: a prefix is not pre-warmed: ${problem}`, { prefix: entry.name });
    }
  }

  return {
    get catalogue() {
      return catalogue;
    },
    get judgements() {
      return judgements;
    },
    get apiKey() {
      return apiKey;
    },
    get trouble() {
      return trouble;
    },
    entryOf: (name) => catalogue.entries.find((entry) => entry.name === name),
    judgementOf: (name) => judgements.find(({ entry }) => entry.name === name),
    fails,
    async load(trigger, signal) {
      const own = ++loads;
      const before = new Set(catalogue.entries.map(({ name }) => name));
      try {
        const found = await read(trigger, signal);
        // Artifacts take their time: what was begun to be read later is newer.
        if (own !== loads) return new Set();
        catalogue = found;
        trouble = null;
      } catch (error) {
        fails(messageOf(error));
      }
      judgements = catalogue.entries.map((entry) => preWarmer.judge(entry, apiKey));
      tellProblems();
      return new Set(catalogue.entries.map(({ name }) => name).filter((name) => !before.has(name)));
    },
  };
}
