/** Whatever goes wrong with keepwarm, OpenCode goes on as if it were not installed. */
import { describe, expect, it } from "vitest";
import type { NativeHost } from "../../../src/hosts/native/index.ts";
import { keepwarmServer } from "../../../src/hosts/opencode/server.ts";
import { MINUTE_MS, recording, SESSION, setUp } from "./world.ts";

const turns = recording("turns");
const PARTS: readonly (keyof NativeHost | "create")[] = [
  "create",
  "watch",
  "changed",
  "closed",
  "command",
  "standing",
  "dispose",
  "keeper",
];

const broken = () => {
  throw new Error("out of order");
};

describe.each(PARTS)("a keepwarm whose %s throws", (name) => {
  it("gives OpenCode nothing back, throws nothing, and lets every request pass", async () => {
    const { hooks, play, warm, emulator } = await setUp({
      createHost: (make) => (options) => {
        if (name === "create") return broken();
        const faulty = { ...make(options) };
        Object.defineProperty(faulty, name, name === "keeper" ? { get: broken } : { value: broken });
        return faulty;
      },
    });
    await warm("on");
    expect(new Set(await play(turns))).toEqual(new Set([undefined]));
    await hooks.event?.({ event: { type: "session.deleted", properties: { info: { id: SESSION } } } });
    const sent = turns.filter(({ kind }) => kind === "sent");
    expect(emulator.requests.map(({ status }) => status)).toEqual(sent.map(() => 200));
    await hooks.dispose?.();
  });
});

describe("a keepwarm that cannot write", () => {
  it("works on, and leaves OpenCode alone", async () => {
    const { play, warm, away, warms } = await setUp({ env: { KEEPWARM_HOME: "/dev/null/nowhere" } });
    await warm("on");
    expect(new Set(await play(turns))).toEqual(new Set([undefined]));
    await away(5 * MINUTE_MS);
    expect(warms().length).toBeLessThanOrEqual(1);
  });
});

describe("an OpenCode whose client fails", () => {
  it("keeps nothing warm, says so, and gets no error of ours", async () => {
    const failing = async () => broken();
    const client = { session: { get: failing, update: failing }, tui: { publish: failing } };
    const hooks = await keepwarmServer({ client }, { env: { KEEPWARM_HOME: "/dev/null/nowhere" } });
    const command = `keepwarm ${JSON.stringify({ kind: "do", session: SESSION, text: "on", id: "1" })}`;
    await hooks.event?.({ event: { type: "tui.command.execute", properties: { command } } });
    await hooks.dispose?.();
  });

  it("may say things that nobody knows", async () => {
    const { hooks, told } = await setUp();
    const oddities: unknown[] = [
      ...[null, 7, "event", [], {}, { type: "session.updated" }, { type: "session.idle", properties: null }],
      ...["keepwarm", "keepwarm {", 'keepwarm {"kind":"do"}', "session.new"].map((command) => ({
        type: "tui.command.execute",
        properties: { command },
      })),
    ];
    for (const event of oddities) expect(await hooks.event?.({ event })).toBeUndefined();
    expect(told).toEqual([]);
  });
});
