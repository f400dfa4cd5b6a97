/** The main job, watched: a real SDK program idles past its cache's lifetime, without and with keepwarm. */
import { setTimeout as wait } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { readMessage } from "../anthropic/index.ts";
import { createEmulator } from "../emulator/index.ts";
import { createKeepwarm } from "../hosts/sdk/index.ts";
import { inFastMotion } from "./fast-motion.ts";
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
/** Chosen, because \`auto\` knows nothing of this person yet, and gives up on the first long pauses. */
const KEEP_WARM = "30m";

/** Runs the demo, about 13 TTLs long. Null: every return with keepwarm read its prefix; otherwise why one did not. */
export async function runDemo({ ttl5mMs, print }: DemoOptions): Promise<string | null> {
  const emulator = createEmulator({ ttl5mMs });
  const { url } = await emulator.listen();
  const times = REAL_TTL_MS / ttl5mMs;
  const keepwarm = createKeepwarm({ ...inFastMotion(times), enableNew: true, keepWarm: KEEP_WARM });
  const startedAt = performance.now();
  const tallies = [new Tally(), new Tally()] as const;

  function note(column: 0 | 1, entry: Entry): void {
    tallies[column].add(entry);
    print(eventLine(performance.now() - startedAt, column, entry));
  }
  keepwarm.events.on("warmCompleted", ({ usage }) => note(1, { kind: "warm", turn: tallies[1].turn, usage }));
  const reasons: string[] = [];
  const { surface, warmer } = keepwarm;
  surface.subscribe((conversationId) => {
    const { why } = warmer.getStatus(conversationId);
    if (why !== null) reasons.push(why);
  });
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
      `A 5-minute cache entry lives ${ttl5mMs / 1_000} s here, so a second stands for ${Math.round(times)} s;`,
      `each pause stands for ${(PAUSE_IN_TTLS * REAL_TTL_MS) / 60_000} minutes. With keepwarm it is kept warm for ${KEEP_WARM}, as somebody chose`,
      `who means to be back by then. Prices are those of ${MODEL}.`,
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
  if (tallies[1].worstReturnShare() >= 0.99) return null;
  return `a return with keepwarm did not find its prefix in the cache. ${reasons.at(-1) ?? "Its warms came too late: try a longer --ttl-5m."}`;
}
