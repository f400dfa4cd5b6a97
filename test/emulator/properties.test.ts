import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assistant, type Body, marker, request, rig, text, user } from "./harness.ts";

const block = fc.record({ tokens: fc.integer({ min: 1, max: 400 }), marked: fc.boolean() });
const turn = fc.record({
  said: fc.array(block, { minLength: 1, maxLength: 6 }),
  answered: fc.integer({ min: 1, max: 50 }),
  waitedMs: fc.integer({ min: 0, max: 600_000 }),
});
const conversation = fc.record({
  system: fc.integer({ min: 0, max: 2_000 }),
  automatic: fc.boolean(),
  turns: fc.array(turn, { minLength: 1, maxLength: 8 }),
});

type Conversation = typeof conversation extends fc.Arbitrary<infer Value> ? Value : never;

/** The requests of a growing conversation. The newest turn alone carries markers, as agents do it. */
function requestsOf({ system, automatic, turns }: Conversation) {
  const history: Body[] = [];
  return turns.map(({ said, answered, waitedMs }, index) => {
    const blocks = said.map(({ tokens, marked }, place) =>
      text(`turn ${index} block ${place}`, tokens, marked && place < 3 ? "5m" : undefined),
    );
    const body = request({
      ...(automatic ? marker() : {}),
      ...(system > 0 ? { system: [text("system", system)] } : {}),
      messages: [...history, user(...blocks)],
    });
    const plain = said.map(({ tokens }, place) => text(`turn ${index} block ${place}`, tokens));
    history.push(user(...plain), assistant(text(`answer ${index}`, answered)));
    return { body, waitedMs };
  });
}

const sum = (bill: readonly number[]) => bill.reduce((total, tokens) => total + tokens, 0);

describe("in any conversation", () => {
  it("5: read, written and plain tokens add up to the whole prompt", async () => {
    const { bill, clock, url, emulator } = await rig({ minimumTokens: null });
    const countTokens = async (body: Body) => {
      const headers = { "x-api-key": "key-a" };
      const sent = { method: "POST", headers, body: JSON.stringify(body) };
      const response = await fetch(`${url}/v1/messages/count_tokens`, sent);
      return ((await response.json()) as { input_tokens: number }).input_tokens;
    };
    await fc.assert(
      fc.asyncProperty(conversation, async (script) => {
        emulator.clearCache();
        for (const { body, waitedMs } of requestsOf(script)) {
          expect(sum(await bill(body))).toBe(await countTokens(body));
          clock.advance(waitedMs);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("1.14: the same request within the TTL reads all that was cacheable and writes nothing", async () => {
    const { bill, clock, emulator } = await rig();
    await fc.assert(
      fc.asyncProperty(conversation, fc.integer({ min: 0, max: 300_000 }), async (script, pauseMs) => {
        emulator.clearCache();
        for (const { body, waitedMs } of requestsOf(script)) {
          const [read = 0, written = 0, , base] = await bill(body);
          clock.advance(pauseMs);
          expect(await bill(body)).toEqual([read + written, 0, 0, base]);
          clock.advance(waitedMs);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("1.15: the same request after the TTL reads nothing", async () => {
    const { bill, clock, emulator } = await rig();
    await fc.assert(
      fc.asyncProperty(conversation, async (script) => {
        emulator.clearCache();
        for (const { body } of requestsOf(script)) await bill(body);
        clock.advance(300_001);
        for (const { body } of requestsOf(script).slice(0, 1)) expect((await bill(body))[0]).toBe(0);
      }),
      { numRuns: 20 },
    );
  });
});
