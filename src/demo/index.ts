/** The main job, watched: a real SDK program idles past its cache's lifetime, without and with keepwarm. */
import { setTimeout as wait } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { readMessage } from "../anthropic/index.ts";
import { createEmulator } from "../emulator/index.ts";
import { createKeepwarm } from "../hosts/sdk/index.ts";
import { converse, MODEL } from "./program.ts";
import { eventLine, heading, table } from "./report.ts";
import { type Entry, Tally } from "./tally.ts";

export interface DemoOptions {
  /** What a 5-minute cache entry lives here, in ms. */
  readonly ttl5mMs: number;
  readonly print: (line: string) => void;
}

const PAUSE_IN_TTLS = 4;
const REAL_TTL_MS = 300_000;

/** Runs the demo and tells whether every return with keepwarm read its prefix. Takes about 13 TTLs. */
export async function runDemo({ ttl5mMs, print }: DemoOptions): Promise<boolean> {
  const emulator = createEmulator({ ttl5mMs });
  const { url } = await emulator.listen();
  const keepwarm = createKeepwarm({ ttl5mMs, enableNew: true });
  const startedAt = performance.now();
  const tallies = [new Tally(), new Tally()] as const;

  function note(column: 0 | 1, entry: Entry): void {
    tallies[column].add(entry);
    print(eventLine(performance.now() - startedAt, column, entry));
  }
  keepwarm.events.on("warmCompleted", ({ usage }) => note(1, { kind: "warm", turn: tallies[1].turn, usage }));
  // Two keys, because entries are shared within one. No token of the person's own environment is used.
  const client = (apiKey: string) => new Anthropic({ baseURL: url, apiKey, authToken: null });
  const clients = [client("sk-ant-api-without"), keepwarm.wrap(client("sk-ant-api-with"))] as const;
  const run = (column: 0 | 1) =>
    converse(clients[column], {
      pause: () => wait(PAUSE_IN_TTLS * ttl5mMs),
      onAnswer(turn, usage) {
        const read = readMessage({ usage }).usage;
        if (read) note(column, { kind: "turn", turn, usage: read });
      },
    });

  print(
    [
      "One conversation, held twice, against an emulator of the Messages API.",
      `A 5-minute cache entry lives ${ttl5mMs / 1_000} s here, so a second stands for ${Math.round(REAL_TTL_MS / ttl5mMs)} s;`,
      `each pause is ${PAUSE_IN_TTLS} lifetimes long. Prices are those of ${MODEL}.`,
      "",
      heading(),
    ].join("\n"),
  );
  try {
    await Promise.all([run(0), run(1)]);
  } finally {
    keepwarm.dispose();
    await emulator.close();
  }
  print(`\n${table(tallies[0], tallies[1], tallies[0].turn)}`);
  return tallies[1].worstReturnShare() >= 0.99;
}
