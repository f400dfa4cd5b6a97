/** Whatever goes wrong with keepwarm, Claude Code goes on as if it were not installed. */
import { describe, expect, it } from "vitest";
import type { Mod } from "../../../src/hosts/claude-code/mod-api.ts";
import type { ModHost } from "../../../src/hosts/claude-code/mod-host.ts";
import { modRecording as recording } from "../support/claude-code-mod-recording.ts";
import { MINUTE_MS, setUpMod, upTo } from "./mod-world.ts";

const turns = recording("turns");

const broken = () => {
  throw new Error("out of order");
};

/** The world itself throws when a request, a response or an answer is not passed on as it came. */
describe.each<keyof ModHost | "create">([
  ...(["create", "request", "changed", "detached", "command", "followStatus"] as const),
  ...(["dispose", "flush", "keeper"] as const),
])("a keepwarm whose %s throws", (name) => {
  it("changes nothing that Claude Code sends or is told", async () => {
    const { play, warm, raise } = await setUpMod({
      createHost: (make) => async (options) => {
        if (name === "create") return broken();
        const faulty = { ...(await make(options)) };
        Object.defineProperty(faulty, name, name === "keeper" ? { get: broken } : { value: broken });
        return faulty;
      },
    });
    await play(upTo(turns, "session.start"));
    await warm("on");
    await play(turns.slice(upTo(turns, "session.start").length));
    expect(await raise("command.run", { args: "on" })).toBeDefined();
  });
});

const rejects = async () => broken();
const FAULTY: readonly (readonly [string, Partial<Mod>])[] = [
  ["variables", { env: { get: rejects } }],
  ["store", { store: { get: rejects, set: rejects, delete: rejects, keys: rejects } }],
  ["files", { fs: { read: rejects, write: rejects, list: rejects, exists: rejects } }],
  ["process", { process: { hookEnv: rejects } }],
  ["session", { session: { id: rejects } }],
  ["commands", { command: { register: rejects } }],
  ["status line", { ui: { status: broken } }],
  ["models", { model: { complete: rejects } }],
];

describe.each(FAULTY)("a Claude Code without its %s", (_, engine) => {
  it("goes on all the same, and pays for nothing", async () => {
    const { play, warm, away, emulator } = await setUpMod({ engine });
    await play(upTo(turns, "session.start"));
    await warm("on");
    const rest = upTo(turns, "turn.complete", 2).slice(upTo(turns, "session.start").length);
    await play(rest);
    await away(10 * MINUTE_MS);
    const cold = emulator.requests.filter(({ maxTokens, usage }) => {
      return maxTokens === 0 && usage?.cache_read_input_tokens === 0;
    });
    expect(cold).toEqual([]);
  });
});

describe("a Claude Code that says other things than it used to", () => {
  it("is passed on as it is, and nothing is captured", async () => {
    const { raise, play, hooks, warm, away, warms } = await setUpMod();
    await play(upTo(turns, "session.start"));
    await warm("on");
    const oddities = [
      null,
      7,
      "request",
      [],
      {},
      { url: 3, init: {} },
      { url: "no address", init: { body: "{" } },
    ];
    for (const name of hooks.keys()) {
      if (name === "turn.step" || name === "command.run") continue;
      for (const odd of oddities) expect(await raise(name, odd)).toBe(odd);
    }
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });
});
