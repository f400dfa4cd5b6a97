import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { captured, READ_USAGE, textOf, warmOf } from "./fixtures.ts";
import { bodyPlan, type RenderedBody, render } from "./random-body.ts";

const RUNS = 10_000;

/** What the warm must be, made from the spans that the writer of the body knows. */
function expectedBytes({ bytes, spans }: RenderedBody, values: Readonly<Record<string, string>>): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { key, start, end } of spans) {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined) continue;
    parts.push(bytes.subarray(from, start), new TextEncoder().encode(value));
    from = end;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}

/** The two bodies as any client or server would read them, without the two fields. */
function parsedWithoutEdited(bytes: Uint8Array): { rest: string; maxTokens: unknown; stream: unknown } {
  const { max_tokens: maxTokens, stream, ...rest } = JSON.parse(textOf(bytes).replace(/^\ufeff/, ""));
  return { rest: JSON.stringify(rest), maxTokens, stream };
}

function insertedAt(bytes: Uint8Array): number {
  return bytes.indexOf(0x7b) + 1;
}

describe("the warm differs from the captured request only inside max_tokens and stream", () => {
  it(`with 0 tokens, over ${RUNS} generated bodies`, () => {
    fc.assert(
      fc.property(bodyPlan([]), (plan) => {
        const original = render(plan);
        const { body, maxTokens } = warmOf(captured(original.bytes), { usage: READ_USAGE });
        expect(maxTokens).toBe(0);
        assertOnlyEdited(original, body, "0");
      }),
      { numRuns: RUNS },
    );
  }, 300_000);

  it("with 1 token and a forced tool choice, over 2000 generated bodies", () => {
    fc.assert(
      fc.property(bodyPlan([["tool_choice", new Map([["type", "any"]])]]), (plan) => {
        const original = render(plan);
        const { body, maxTokens } = warmOf(captured(original.bytes), { usage: READ_USAGE });
        expect(maxTokens).toBe(1);
        assertOnlyEdited(original, body, "1");
      }),
      { numRuns: 2_000 },
    );
  }, 120_000);

  it("only inside stream when it is to be broken off, over 2000 generated bodies", () => {
    const thinking = new Map<string, unknown>([
      ["type", "enabled"],
      ["budget_tokens", 2_000],
    ]);
    fc.assert(
      fc.property(bodyPlan([["thinking", thinking]]), (plan) => {
        const original = render(plan);
        const warm = warmOf(captured(original.bytes), { usage: READ_USAGE, budgetThinking: "stream-abort" });
        expect(warm.mode).toBe("stream-abort");
        const hasStream = original.spans.some(({ key }) => key === "stream");
        const expected = hasStream
          ? expectedBytes(original, { stream: "true" })
          : withInsertion(original.bytes, '"stream":true,');
        expect(Buffer.compare(warm.body, expected)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  }, 120_000);
});

function assertOnlyEdited(original: RenderedBody, body: Uint8Array, tokens: string): void {
  const before = parsedWithoutEdited(original.bytes);
  const after = parsedWithoutEdited(body);
  expect(after.rest).toBe(before.rest);
  expect(after.maxTokens).toBe(Number(tokens));
  expect(after.stream).toBe(original.spans.some(({ key }) => key === "stream") ? false : undefined);

  const edited = expectedBytes(original, { max_tokens: tokens, stream: "false" });
  const hasMaxTokens = original.spans.some(({ key }) => key === "max_tokens");
  const expected = hasMaxTokens ? edited : withInsertion(edited, `"max_tokens":${tokens},`);
  expect(Buffer.compare(body, expected)).toBe(0);
}

function withInsertion(bytes: Uint8Array, text: string): Uint8Array {
  const at = insertedAt(bytes);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at)]);
}
