import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import type { Settings } from "../config/index.ts";
import type { CompareAnswer, ControlClient } from "../hub/index.ts";
import type { Judgement, PrefixEntry, PreWarmed } from "../prewarm/index.ts";
import { ExitCodeError, FAILURE, UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { pricesFrom } from "./price-file.ts";
import { progressLine } from "./progress.ts";
import { settingsOf, withSettings } from "./setting-options.ts";

interface Asked {
  readonly check: boolean;
  readonly json: boolean;
}

export function prewarmCommand(): Command {
  const command = new Command("prewarm")
    .description("warm a catalogue's prefixes before anyone asks; --check only says what that would do")
    .argument("[catalogue]", "a JSON file, or a folder of them (default: the setting prewarmCatalogue)")
    .option("--check", "send nothing: say what would be cached, what it costs, and what traffic sends", false)
    .option("--json", "print JSON", false);
  withSettings(command, [
    "prewarmMaxUsdPerDay",
    "prewarmKeyFile",
    "upstream",
    "maxWarms",
    "warmTokens",
    "ttl5m",
    "ttl1h",
    "prices",
  ]).action((catalogue: string | undefined, asked: Asked) =>
    prewarm(catalogue, asked, settingsOf(command).settings),
  );
  return withExamples(
    command,
    [
      "keepwarm prewarm personas.json --check",
      "what it would cache and cost, and whether traffic would read it",
    ],
    ["keepwarm prewarm personas/", "warm all that is not warm, with ANTHROPIC_API_KEY"],
    ["keepwarm prewarm personas.json --json | jq '.[].outcome'", "for a program"],
  );
}

async function prewarm(given: string | undefined, { check, json }: Asked, settings: Settings): Promise<void> {
  const path = given === undefined ? settings.prewarmCatalogue : resolve(given);
  if (path === undefined) {
    throw new UsageError(
      "name a catalogue: keepwarm prewarm personas.json, or keepwarm config set prewarmCatalogue",
    );
  }
  if (!existsSync(path)) throw new UsageError(`there is no ${path}: name a JSON file, or a folder of them`);
  const { readCatalogue } = await import("../prewarm/index.ts");
  const ttls = { ttl5mMs: settings.ttl5m, ttl1hMs: settings.ttl1h };
  const { entries, problems } = await readCatalogue(path, {
    ...ttls,
    // Loaded by nobody whose catalogue is made of none.
    artifacts: async (wanted) => (await (await import("../fleet/index.ts")).makeArtifact(wanted)).content,
  });
  for (const { name, file, sentence } of problems)
    console.error(`keepwarm: ${file}${name === null ? "" : `, ${name}`}: ${sentence}`);
  if (entries.length === 0 && !json) throw new ExitCodeError(FAILURE, failureText(check, 0));
  const isWhole = check ? await checked(entries, settings, json) : await sent(entries, settings, json);
  if (!isWhole || problems.length > 0) throw new ExitCodeError(FAILURE, failureText(check, entries.length));
}

function failureText(isCheck: boolean, entries: number): string {
  if (entries === 0) return "there is no prefix in it that can be read";
  return isCheck
    ? "something in the catalogue is to be mended; it is said above"
    : "not all of it is warm; it is said above";
}

/** What a check says of one entry. */
export interface Checked extends Judgement {
  /** Null: no gateway is running. */
  readonly traffic: CompareAnswer | null;
}

async function checked(entries: readonly PrefixEntry[], settings: Settings, json: boolean): Promise<boolean> {
  const { judge } = await import("../prewarm/index.ts");
  const { ttl5m, ttl1h, warmTokens } = settings;
  const prices = await pricesFrom(settings.prices);
  const client = await running();
  const progress = progressLine();
  const all: Checked[] = [];
  for (const entry of entries) {
    progress.show(all.length / entries.length, `comparing ${entry.name} with what passes`);
    const judgement = judge(entry, {
      ttl5mMs: ttl5m,
      ttl1hMs: ttl1h,
      ...(warmTokens === undefined ? {} : { warmTokens }),
      ...(prices === undefined ? {} : { prices }),
    });
    const request = new TextDecoder().decode(entry.body);
    all.push({
      ...judgement,
      traffic: client === null ? null : await client.comparePrewarm({ request, betas: entry.betas }),
    });
  }
  progress.end();
  const { checkJson, checkText } = await import("./prewarm-text.ts");
  console.log(
    json ? JSON.stringify(all.map(checkJson), null, 2) : checkText(all, settings.prewarmMaxUsdPerDay),
  );
  return all.every(
    ({ problems, traffic }) => problems.length === 0 && (traffic?.difference ?? null) === null,
  );
}

/** Null: none that can be asked. */
async function running(): Promise<ControlClient | null> {
  const [{ discover }, { stateDirectory }] = await Promise.all([
    import("../hub/index.ts"),
    import("../storage/index.ts"),
  ]);
  const found = await discover(stateDirectory());
  return found.state === "running" ? found.client : null;
}

async function sent(entries: readonly PrefixEntry[], settings: Settings, json: boolean): Promise<boolean> {
  const [
    { configuredKey, createPreWarmer, createSpend, createWarmRecords, PREWARM_NAMESPACE },
    ledgers,
    rest,
  ] = await Promise.all([
    import("../prewarm/index.ts"),
    import("../ledger/index.ts"),
    Promise.all([
      import("../storage/index.ts"),
      import("../storage/sqlite.ts"),
      import("../hub/index.ts"),
      import("../anthropic/index.ts"),
      import("../timers.ts"),
      import("./log.ts"),
      import("../policy/index.ts"),
    ]),
  ]);
  const [
    { stateDirectory },
    { openSqliteStorage },
    { leaseKey, sharedSpending },
    { listPrices },
    { systemTimers },
    { createLog },
    { createDaySpend },
  ] = rest;
  const directory = stateDirectory();
  const prices = await pricesFrom(settings.prices);
  // Before anything is opened: without a key nothing comes of it.
  const key = await configuredKey({ file: settings.prewarmKeyFile, env: process.env });
  const logger = createLog("error");
  const storage = openSqliteStorage({ file: `${directory}/keepwarm.sqlite`, logger });
  const namespace = storage.namespace(PREWARM_NAMESPACE);
  const records = createWarmRecords(namespace);
  await records.load(Date.now());
  const { createLedger, LEDGER_NAMESPACE } = ledgers;
  const ledger = createLedger({
    storage: storage.namespace(LEDGER_NAMESPACE),
    prices: listPrices(prices),
    logger,
    now: Date.now,
  });
  const daySpend = createDaySpend(sharedSpending(directory, logger));
  const spentUsd = new Map<string, number>();
  const abort = new AbortController();
  const callOff = () => abort.abort(new Error("called off"));
  process.once("SIGINT", callOff);
  const progress = progressLine();
  const timers = systemTimers();
  // Its timers keep no process alive, and its waits are ours.
  const awake = setInterval(() => {}, 60_000);
  try {
    const preWarmer = createPreWarmer({
      upstream: settings.upstream,
      apiKey: () => key,
      nameKey: leaseKey(directory),
      records,
      spend: createSpend(namespace, `command-${process.pid}-${Date.now().toString(36)}`),
      capUsd: () => settings.prewarmMaxUsdPerDay,
      maxWorkers: settings.maxWarms,
      ttl5mMs: settings.ttl5m,
      ttl1hMs: settings.ttl1h,
      ...(settings.warmTokens === undefined ? {} : { warmTokens: settings.warmTokens }),
      ...(prices === undefined ? {} : { prices }),
      logger,
      timers,
      now: Date.now,
      sent({ name, model, usage, costUsd, isBound }) {
        spentUsd.set(name, (spentUsd.get(name) ?? 0) + (costUsd ?? 0));
        daySpend.add(costUsd ?? 0, Date.now());
        const told = { kind: "sent", name, modelName: model ?? "", costUsd, isBound } as const;
        ledger.preWarm(usage === null ? told : { ...told, usage });
      },
    });
    const answers = await preWarmer.warm(entries, {
      cause: "asked",
      signal: abort.signal,
      onProgress: ({ done: count, inAll, failed }) =>
        progress.show(
          count / inAll,
          `${count} of ${inAll} prefixes${failed > 0 ? `, ${failed} not warmed` : ""}`,
        ),
    });
    progress.end();
    await Promise.all([ledger.stored(), daySpend.stored()]);
    // With the tries before the last: they have been paid for as well.
    const done = answers.map((one) => ({ ...one, costUsd: spentUsd.get(one.name) ?? one.costUsd }));
    const { sentText } = await import("./prewarm-text.ts");
    console.log(json ? JSON.stringify(done, null, 2) : sentText(done));
    return done.every(isWarm);
  } finally {
    progress.end();
    clearInterval(awake);
    process.off("SIGINT", callOff);
    storage.close();
  }
}

function isWarm({ outcome }: PreWarmed): boolean {
  return ["wrote", "read", "part", "warm"].includes(outcome);
}
