import { describe, expect, it } from "vitest";
import { type FollowOptions, follow } from "../../../src/cli/watch/follow.ts";
import type { ConsoleEvent, ControlClient, EventsOptions, GatewayRecord } from "../../../src/hub/index.ts";
import { NOON } from "../../support/controlled-in-memory.ts";
import { createVirtualClock, settled } from "../../support/virtual-clock.ts";

/** A gateway that can be listened to, for as long as it lives. */
function aGateway(pid: number) {
  const record: GatewayRecord = {
    pid,
    gatewayUrl: "http://127.0.0.1:4777",
    controlUrl: "http://127.0.0.1:4778",
    startedAt: NOON,
    version: "0.1.0",
  };
  const asked: EventsOptions[] = [];
  const told: ConsoleEvent[] = [];
  let refusal: Error | null = null;
  let isOver = false;
  let wake: () => void = () => {};

  async function* events(options: EventsOptions = {}): AsyncGenerator<ConsoleEvent, void> {
    asked.push(options);
    if (refusal !== null) throw refusal;
    options.onOpen?.();
    options.signal?.addEventListener("abort", () => wake());
    while (!isOver && options.signal?.aborted !== true) {
      const event = told.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    client: { record, events } as ControlClient,
    asked,
    dies() {
      isOver = true;
      wake();
    },
    refuses(error: Error) {
      refusal = error;
    },
    async tells(id: string | null) {
      told.push({ type: "live", id, data: { now: NOON } });
      wake();
      await settled();
    },
  };
}

function aFollowing() {
  const clock = createVirtualClock();
  const ending = new AbortController();
  const happened: string[] = [];
  let next: (() => ControlClient | null) | null = null;
  const options: FollowOptions = {
    onThere: ({ pid }) => happened.push(`there ${pid}`),
    onEvent: ({ type, id }) => happened.push(`${type} ${id}`),
    onGone: (why) => happened.push(why),
    find: async () => {
      happened.push("looks");
      return next?.() ?? null;
    },
    pause: (ms) => new Promise((resolve) => clock.after(ms, resolve)),
    signal: ending.signal,
  };
  return {
    clock,
    ending,
    happened,
    options,
    finds(found: () => ControlClient | null) {
      next = found;
    },
  };
}

describe("following a gateway", () => {
  it("hears what it pushes, until told to stop", async () => {
    const gateway = aGateway(1);
    const { options, happened, ending } = aFollowing();
    const following = follow(gateway.client, options);
    await settled();
    await gateway.tells("7");
    ending.abort();
    await following;
    await gateway.tells("8");
    expect(happened).toEqual(["there 1", "live 7"]);
    expect(gateway.asked[0]?.lastEventId).toBeNull();
  });

  it("says that it has gone, once, and goes on with the next one, from where it was", async () => {
    const [first, second] = [aGateway(1), aGateway(2)];
    const { options, happened, clock, finds, ending } = aFollowing();
    const following = follow(first.client, options);
    await settled();
    await first.tells("7");
    await first.tells(null);
    first.dies();
    await clock.pass(600);
    expect(happened.slice(3)).toEqual(["the gateway has gone", "looks", "looks"]);
    finds(() => second.client);
    await clock.pass(800);
    await second.tells("1");
    expect(happened.slice(6)).toEqual(["looks", "there 2", "live 1"]);
    expect(second.asked[0]?.lastEventId).toBe("7");
    ending.abort();
    await following;
  });

  it("looks for it soon at first, then every two seconds, and soon again once it was there", async () => {
    const [first, second] = [aGateway(1), aGateway(2)];
    const { options, happened, clock, finds, ending } = aFollowing();
    const following = follow(first.client, options);
    first.dies();
    const looks = () => happened.filter((what) => what === "looks").length;
    await clock.pass(3_000);
    expect(looks()).toBe(4);
    await clock.pass(10_000);
    expect(looks()).toBe(9);
    finds(() => second.client);
    await clock.pass(2_000);
    finds(() => null);
    second.dies();
    await clock.pass(200);
    expect(looks()).toBe(11);
    ending.abort();
    await clock.pass(2_000);
    await following;
  });

  it("tells what stands in its way while it waits, and again only when that is something else", async () => {
    const [first, second] = [aGateway(1), aGateway(2)];
    const { options, happened, clock, finds, ending } = aFollowing();
    const following = follow(first.client, options);
    finds(() => {
      throw new Error("something else answers there");
    });
    first.dies();
    await clock.pass(5_000);
    second.refuses(new Error("too many listen already"));
    finds(() => second.client);
    await clock.pass(5_000);
    expect(happened.filter((what) => what !== "looks")).toEqual([
      "there 1",
      "the gateway has gone",
      "something else answers there",
      "too many listen already",
    ]);
    ending.abort();
    await clock.pass(2_000);
    await following;
  });

  it("fails where the first one cannot be listened to", async () => {
    const gateway = aGateway(1);
    gateway.refuses(new Error("There is no GET of this path."));
    const { options, happened } = aFollowing();
    await expect(follow(gateway.client, options)).rejects.toThrow("There is no GET of this path.");
    expect(happened).toEqual([]);
  });

  it("ends at once while it waits", async () => {
    const gateway = aGateway(1);
    const { options, happened, clock, ending } = aFollowing();
    const following = follow(gateway.client, options);
    gateway.dies();
    await clock.pass(100);
    ending.abort();
    await clock.pass(100);
    await following;
    expect(happened).toEqual(["there 1", "the gateway has gone"]);
  });
});
