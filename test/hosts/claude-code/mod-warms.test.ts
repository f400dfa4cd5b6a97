/** What the mod sends, and what it does not: money first. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SETTING_NAMES, variableOf } from "../../../src/config/index.ts";
import type { Hook } from "../../../src/hosts/claude-code/mod-api.ts";
import { sharedSpending } from "../../../src/hub/index.ts";
import { newStateDirectory } from "../native/world.ts";
import { type ModMoment, modRecording as recording } from "../support/claude-code-mod-recording.ts";
import { lastAsWarm, MINUTE_MS, type ModWorldOptions, STATE, setUpMod, upTo } from "./mod-world.ts";

const turns = upTo(recording("turns"), "turn.complete", 2);
const started = upTo(turns, "session.start");

async function playedAndOn(options: ModWorldOptions = {}, moments: readonly ModMoment[] = turns) {
  const world = await setUpMod(options);
  await world.play(started);
  const said = await world.warm("on");
  await world.play(moments.slice(started.length));
  return { ...world, said };
}

/** The same, with an Authorization header in the place of the key. */
function withBearer(moments: readonly ModMoment[], betas = ""): ModMoment[] {
  return moments.map((moment) => {
    if (moment.kind !== "sent") return moment;
    const { "x-api-key": _, ...others } = moment.event.init.headers;
    const headers = {
      ...others,
      authorization: "[redacted]",
      "anthropic-beta": `${others["anthropic-beta"]}${betas}`,
    };
    return { ...moment, event: { ...moment.event, init: { ...moment.event.init, headers } } };
  });
}

type Raise = (name: string, event: unknown, core: (event: unknown) => Promise<unknown>) => Promise<unknown>;

/** A Claude Code that makes of each question what `change` says, and tries it as often. */
async function asking(change: (event: object) => object, tries = 1) {
  const sent: unknown[] = [];
  const answers: unknown[] = [];
  let raise: Raise = async () => null;
  const world = await setUpMod({
    engine: {
      model: {
        async complete({ prompt, model }) {
          const messages = [{ role: "user", content: prompt }];
          const event = {
            url: "http://127.0.0.1:1/v1/messages?beta=true",
            init: {
              method: "POST",
              headers: { "x-api-key": "[redacted]" },
              body: JSON.stringify({ model, max_tokens: 1, messages }),
            },
          };
          for (let left = tries; left > 0; left -= 1) {
            const answer = await raise("http.fetch", change(event), async (passed) => {
              sent.push(passed);
              return { value: { status: 529, ok: false, headers: {}, text: "", isStreaming: true } };
            });
            answers.push(answer);
          }
          return { isAnswered: false, reason: "api-error" };
        },
      },
    },
  });
  raise = world.raise;
  await world.play(started);
  await world.warm("on");
  await world.play(turns.slice(started.length));
  return { ...world, sent, answers };
}

const NOT_SENT = { value: expect.objectContaining({ status: 400, ok: false }) };

describe("a question of the mod's", () => {
  it("goes out once: what Claude Code would try again is answered inside", async () => {
    const { away, sent, answers } = await asking((event) => event, 3);
    await away(4 * MINUTE_MS + 41_000);
    expect(sent).toHaveLength(1);
    expect(answers).toEqual([NOT_SENT, NOT_SENT, NOT_SENT]);
  });

  it("does not go out where it would go elsewhere than the request that it repeats", async () => {
    const { away, sent, answers } = await asking((event) => ({
      ...event,
      url: "https://a.example/v1/messages",
    }));
    await away(5 * MINUTE_MS);
    expect(sent).toEqual([]);
    expect(answers).not.toEqual([]);
    for (const answer of answers) expect(answer).toEqual(NOT_SENT);
  });

  it("is answered inside when the hook has failed that would replace it", async () => {
    const { away, sent, answers, hooks } = await asking((event) => event);
    const broken: Hook = () => {
      throw new Error("out of order");
    };
    Object.assign(hooks.get("http.fetch") ?? {}, { hook: broken });
    await away(5 * MINUTE_MS);
    expect(sent).toEqual([]);
    expect(answers).not.toEqual([]);
    for (const answer of answers) expect(answer).toEqual(NOT_SENT);
  });

  it("is tried again by keepwarm alone when the API is busy, and Claude Code is told of no such thing", async () => {
    const { away, warms, emulator, warm } = await playedAndOn();
    emulator.failNext({ status: 529, times: 1 });
    await away(4 * MINUTE_MS + 50_000);
    expect(warms().map(({ status }) => status)).toEqual([529, 200]);
    expect(await warm("")).toMatch(/found 100 %/);
  });

  it("asks for one token where a model takes no 0", async () => {
    const { away, warms, emulator } = await playedAndOn();
    emulator.failNext({ status: 400, times: 1 });
    await away(5 * MINUTE_MS);
    expect(warms().map(({ status, maxTokens }) => [status, maxTokens])).toEqual([
      [400, 0],
      [200, 1],
    ]);
  });

  it("is not asked a second time where the API turns it away for good", async () => {
    const { away, warms, emulator, warm } = await playedAndOn();
    emulator.failNext({ status: 401, times: 1 });
    await away(9 * MINUTE_MS);
    expect(warms().map(({ status }) => status)).toEqual([401]);
    expect(await warm("")).toMatch(/Warming is on/);
  });
});

describe("a login that may be a subscription's", () => {
  it.each(["", ",oauth-2025-04-20"])("is not used, and it says so (betas: %j)", async (betas) => {
    const { away, warms, warm } = await playedAndOn({}, withBearer(turns, betas));
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/signed in with a subscription, or with a bearer token/);
  });

  it("is used once its person allows it, and put in by Claude Code", async () => {
    const allowed = { env: { KEEPWARM_ALLOW_SUBSCRIPTION: "true" } };
    const { away, warms } = await playedAndOn(allowed, withBearer(turns));
    await away(5 * MINUTE_MS);
    expect(warms().map(({ headers }) => headers.authorization)).toEqual(["Bearer sk-ant-api-of-a-test"]);
  });
});

describe("a gateway of keepwarm's", () => {
  it("has a run for itself: the mod does not even begin", async () => {
    const base = "http://127.0.0.1:4777/~keepwarm/run/abc";
    const { away, warms, host, said } = await playedAndOn({ env: { ANTHROPIC_BASE_URL: base } });
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(said).toBe("");
    expect(host()).toBeUndefined();
  });

  it.each(["http://127.0.0.1:1", "http://localhost:1"])("warms what passes it: %s", async (gatewayUrl) => {
    const files = { [`${STATE}/gateway.json`]: JSON.stringify({ gatewayUrl }) };
    const { away, warms, warm } = await playedAndOn({ files });
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/a gateway of keepwarm's/);
  });

  it("that runs somewhere else is not in the way", async () => {
    const files = { [`${STATE}/gateway.json`]: JSON.stringify({ gatewayUrl: "http://127.0.0.1:4777" }) };
    const { away, warms } = await playedAndOn({ files });
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("of which nothing can be told may be in the way", async () => {
    const { away, warms } = await playedAndOn({ files: { [`${STATE}/gateway.json`]: "{" } });
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });
});

describe("two processes", () => {
  it("never warm the same prefix: whose flag is up, has it", async () => {
    const first = await playedAndOn();
    await first.away(5 * MINUTE_MS);
    expect(first.warms()).toHaveLength(1);
    const [flag] = [...first.disk].filter(([path]) => path.startsWith(`${STATE}/leases/`));
    const key = first.disk.get(`${STATE}/lease-key`)?.text ?? "";
    const [, name = ""] = /leases\/(\w+)\./.exec(flag?.[0] ?? "") ?? [];
    const until = first.clock.now() + MINUTE_MS;
    const others = { host: "pi", pid: 7, machine: "a", askingMs: 5_000, untilMs: until };
    const files = {
      [`${STATE}/lease-key`]: key,
      [`${STATE}/leases/${name}.another-1`]: JSON.stringify(others),
    };
    const second = await playedAndOn({ files });
    await second.away(5 * MINUTE_MS);
    expect(second.warms()).toEqual([]);
    expect(await second.warm("")).toMatch(
      /another keepwarm keeps this prefix warm already \(pi, process 7\)/,
    );
  });
});

describe("the limit for a day", () => {
  const LIMIT = { KEEPWARM_MAX_USD_PER_DAY: "0.01" };

  it("holds over all programs of a person: it counts what others have spent", async () => {
    const hour = Math.floor(1_790_000_000_000 / (60 * MINUTE_MS));
    const spent = {
      version: 1,
      namespaces: { spending: { "spent-by-hour:pi": JSON.stringify([[hour, 0.02]]) } },
    };
    const files = { [`${STATE}/spending.json`]: JSON.stringify(spent) };
    const { away, warms, warm } = await playedAndOn({ files, env: LIMIT });
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toContain("would exceed your limit of $0.01");
  });

  it("counts its own, where others find it", async () => {
    const { away, disk } = await playedAndOn({ env: LIMIT });
    await away(60 * MINUTE_MS);
    const directory = newStateDirectory();
    for (const [path, { text }] of disk) {
      if (!path.startsWith(`${STATE}/spending/`)) continue;
      mkdirSync(join(directory, "spending"), { recursive: true });
      writeFileSync(join(directory, "spending", path.slice(`${STATE}/spending/`.length)), text);
    }
    const shared = sharedSpending(directory, { error() {} });
    const [key = "", ...more] = await shared.keys("spent-by-hour:");
    expect(more).toEqual([]);
    const [[, usd]] = JSON.parse((await shared.get(key)) ?? "");
    expect(usd).toBeGreaterThan(0);
    expect(usd).toBeLessThanOrEqual(0.01);
    await shared.delete(key);
    expect(await shared.keys()).toEqual([]);
  });
});

describe("its person's settings", () => {
  it("are read from keepwarm's folder", async () => {
    const files = { [`${STATE}/config.json`]: '{ "keepWarm": "1 ping" } // enough' };
    const { away, warms } = await playedAndOn({ files, env: { KEEPWARM_KEEP_WARM: "" } });
    await away(20 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("that cannot be read keep it from sending anything", async () => {
    const { away, warms, warm } = await playedAndOn({ files: { [`${STATE}/config.json`]: "nonsense" } });
    await away(10 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(await warm("")).toMatch(/settings cannot be used/);
  });

  it("of a conversation are in Claude Code's store, and hold when it is resumed", async () => {
    const { store } = await playedAndOn();
    const kept = JSON.stringify([...store]);
    expect(kept).toContain('\\"enabled\\":true');
    const again = await setUpMod();
    for (const [key, value] of store) again.store.set(key, value);
    await again.play(turns);
    await again.away(5 * MINUTE_MS);
    expect(again.warms().map(({ body }) => String(body))).toEqual([lastAsWarm(turns)]);
  });

  it("may all come from its environment", () => {
    const source = readFileSync("src/hosts/claude-code/register.ts", "utf8");
    const spelled = [...source.matchAll(/\$\.env\.get\("KEEPWARM_(\w+)"\)/g)].map(
      ([, name]) => `KEEPWARM_${name}`,
    );
    // What a gateway, its console and its log alone have to do with.
    const others = ["host", "port", "consolePort", "console", "upstream", "tier", "logLevel", "fleet"];
    const wanted = SETTING_NAMES.filter((name) => !others.includes(name) && !name.startsWith("prewarm")).map(
      variableOf,
    );
    expect(new Set(spelled)).toEqual(new Set([...wanted, "KEEPWARM_HOME", "KEEPWARM_CONFIG"]));
  });
});

describe("the end of a session", () => {
  it("ends it at once, and what was booked is in the spool", async () => {
    const { away, warms, raise, disk } = await playedAndOn();
    await away(5 * MINUTE_MS);
    const sessionId = "00000000-0000-4000-8000-000000000000";
    const from = performance.now();
    await raise("session.end", { reason: "other", sessionId });
    expect(performance.now() - from).toBeLessThan(50);
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    const spool = [...disk].find(([path]) => path.startsWith(`${STATE}/spool/claude-code-4321-`));
    expect(spool?.[1].text).toContain('\\"warms\\":1');
  });
});
