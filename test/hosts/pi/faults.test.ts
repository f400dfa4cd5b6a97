/** Whatever goes wrong with keepwarm, pi goes on as if it were not installed. */
import { describe, expect, it } from "vitest";
import type { NativeHost } from "../../../src/hosts/native/index.ts";
import { MINUTE_MS, recording, setUp } from "./world.ts";

const turns = recording("turns-1.5.2");
const HOOKS: readonly (keyof NativeHost | "create")[] = [
  ...(["create", "request", "changed", "detached", "command", "followStatus", "dispose", "keeper"] as const),
];

const broken = () => {
  throw new Error("out of order");
};

describe.each(HOOKS)("a keepwarm whose %s throws", (name) => {
  it("gives pi nothing back, and throws nothing", async () => {
    const { play, warm, shown } = await setUp({
      createHost: (make) => (options) => {
        if (name === "create") return broken();
        const host = make(options);
        const faulty = { ...host };
        Object.defineProperty(faulty, name, name === "keeper" ? { get: broken } : { value: broken });
        return faulty;
      },
    });
    await play(turns.slice(0, 1));
    await warm("on");
    expect(new Set(await play(turns.slice(1)))).toEqual(new Set([undefined]));
    expect(shown.notes.length).toBeLessThanOrEqual(1);
  });
});

describe("a keepwarm that cannot write", () => {
  it("works on, and leaves pi alone", async () => {
    const { play, warm, away, warms } = await setUp({ env: { KEEPWARM_HOME: "/dev/null/nowhere" } });
    await play(turns.slice(0, 1));
    await warm("on");
    expect(new Set(await play(turns.slice(1, 10)))).toEqual(new Set([undefined]));
    await away(5 * MINUTE_MS);
    expect(warms().length).toBeLessThanOrEqual(1);
  });
});

describe("a pi that says other things than it used to", () => {
  it("is not captured, and nothing is thrown", async () => {
    const { tell, warm, away, warms } = await setUp();
    await tell({ type: "session_start" });
    await warm("on");
    const oddities: unknown[] = [null, 7, "payload", [], {}, { payload: null }, { payload: { model: 3 } }];
    for (const type of [
      "before_provider_request",
      "message_end",
      "after_provider_response",
      "model_select",
    ]) {
      for (const odd of oddities) expect(await tell({ ...Object(odd), type }, odd)).toEqual([undefined]);
    }
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });
});
