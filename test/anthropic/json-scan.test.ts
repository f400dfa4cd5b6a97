import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Shape, scanJson, WANTED } from "../../src/anthropic/json-scan.ts";
import { bytesOf, textOf } from "./fixtures.ts";

function membersOf(json: string | Uint8Array) {
  const bytes = typeof json === "string" ? bytesOf(json) : json;
  const scan = scanJson(bytes, new Shape());
  if (!scan.ok) throw new Error(scan.problem);
  return scan.members.map(({ key, value }) => [key, textOf(bytes.subarray(value.start, value.end))]);
}

function problemOf(json: string): string | null {
  const scan = scanJson(bytesOf(json), new Shape());
  return scan.ok ? null : scan.problem;
}

describe("scanJson", () => {
  it("finds the values of all kinds of members", () => {
    expect(
      membersOf('{"a":1,"b":[1,{"c":2}],"c":{"a":{}},"d":"x","e":null,"f":true,"g":false,"h":-0.5e+3}'),
    ).toEqual([
      ["a", "1"],
      ["b", '[1,{"c":2}]'],
      ["c", '{"a":{}}'],
      ["d", '"x"'],
      ["e", "null"],
      ["f", "true"],
      ["g", "false"],
      ["h", "-0.5e+3"],
    ]);
  });

  it("leaves white space out of the spans", () => {
    expect(membersOf(' \r\n{ "a"\t:\n 1 ,"b": [ ] \n} \t')).toEqual([
      ["a", "1"],
      ["b", "[ ]"],
    ]);
  });

  it("decodes escapes in keys", () => {
    expect(membersOf(String.raw`{"max\u005ftokens":1,"\u0073tream":2,"a\"b":3}`)).toEqual([
      ["max_tokens", "1"],
      ["stream", "2"],
      ['a"b', "3"],
    ]);
  });

  it("finds every member of a key that occurs twice", () => {
    expect(membersOf('{"a":1,"a":2}')).toEqual([
      ["a", "1"],
      ["a", "2"],
    ]);
  });

  it("is not fooled by quotes and backslashes in strings, however long", () => {
    for (let padding = 0; padding < 120; padding += 1) {
      for (const tail of ['\\"', "\\\\", '\\\\\\"', '\\",\\"max_tokens\\":1', "\\\\\\\\"]) {
        const json = `{"a":"${"x".repeat(padding)}${tail}","b":2}`;
        expect(membersOf(json).map(([key]) => key)).toEqual(Object.keys(JSON.parse(json)));
      }
    }
  });

  it("steps over a byte order mark", () => {
    expect(membersOf('\ufeff{"a":1}')).toEqual([["a", "1"]]);
  });

  it("does not depend on where the bytes lie in their buffer", () => {
    const whole = bytesOf('xxxx{"a":"é"}yyyy');
    expect(membersOf(whole.subarray(4, whole.length - 4))).toEqual([["a", '"é"']]);
  });

  it("walks a million levels down without a call stack", () => {
    const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    expect(membersOf(`{"a":${deep},"b":1}`).map(([key]) => key)).toEqual(["a", "b"]);
  });

  it("reports wanted values only where the shape leads", () => {
    const shape = new Shape().member("list", new Shape().each(new Shape().member("hit", WANTED)));
    const json = String.raw`{"hit":1,"other":[{"hit":2}],"list":[{"hit":3},{"deep":{"hit":4}},{"h\u0069t":{"hit":5}}],"list2":[{"hit":6}]}`;
    const bytes = bytesOf(json);
    const scan = scanJson(bytes, shape);
    if (!scan.ok) throw new Error(scan.problem);
    expect(scan.found.map(({ value }) => textOf(bytes.subarray(value.start, value.end)))).toEqual([
      "3",
      '{"hit":5}',
    ]);
    expect(scan.found.map(({ memberIndex }) => scan.members[memberIndex]?.key)).toEqual(["list", "list"]);
  });

  it.each([
    ["", "it is not a JSON object"],
    ["[1]", "it is not a JSON object"],
    ['{"a":1', "expected , or } at byte 6"],
    ['{"a":1}}', "something follows the object at byte 7"],
    ['{"a":1,}', "expected a key at byte 7"],
    ["{a:1}", "expected a key at byte 1"],
    ['{"a" 1}', "expected : at byte 5"],
    ['{"a":}', "expected a value at byte 5"],
    ['{"a":[1 2]}', "expected , or ] at byte 8"],
    ['{"a":[1}', "expected , or ] at byte 7"],
    ['{"a":"x}', "a string does not end, from byte 6"],
    ['{"a', "a key does not end at byte 1"],
    ['{"a":tru}', "expected a value at byte 5"],
    ['{"a":01}', "expected a value at byte 5"],
    ['{"a":1.}', "a number is cut short at byte 7"],
    ['{"a":1e}', "a number is cut short at byte 7"],
    ['{"a":NaN}', "expected a value at byte 5"],
    ['{"a\\u00zz":1}', "a key has a broken escape at byte 1"],
  ])("says what is wrong with %s", (json, problem) => {
    expect(problemOf(json)).toBe(problem);
  });

  it("agrees with JSON.parse on what is JSON, apart from what stands inside strings", () => {
    const mangled = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "]", "}", ":", "1", "-", " ", "["))
      .map(([json, at, extra]) => {
        const text = `{"a":${json}}`;
        const cut = at % text.length;
        return text.slice(0, cut) + extra + text.slice(cut + 1);
      });
    fc.assert(
      fc.property(mangled, (text) => {
        let isObject = false;
        try {
          const value = JSON.parse(text);
          isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        } catch {}
        const ok = problemOf(text) === null;
        if (isObject) expect(ok).toBe(true);
        // Escapes inside string values are not looked at.
        else if (!text.includes("\\")) expect(ok).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });
});
