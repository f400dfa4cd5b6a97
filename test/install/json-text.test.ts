import fc from "fast-check";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { type Edit, withEdit, withoutEdit } from "../../src/install/json-text.ts";
import { withValue } from "../../src/install/json-value.ts";

const key = fc.constantFrom("a", "b", "plugin", "theme", "x y", 'q"uote', "日本");
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 1, "a", "// no comment", "/* nor this */", ",", "}"),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(key, tie("any"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const document = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    path: fc.constantFrom(["plugin"], ["a", "plugin"], ["x y"]),
    value: fc.constantFrom<unknown>("/home/me/.local/keepwarm", ["file:///k", { on: true }], {
      id: "keepwarm",
    }),
  }),
  fc.record({
    kind: fc.constant("set" as const),
    path: fc.constantFrom(["theme"], ["plugin", "keepwarm"], ["a", "b", "c"]),
    value: fc.constantFrom<unknown>("keepwarm", { enabled: true, list: ["keepwarm"] }),
  }),
);

/** As people and programs write it: indented or not, with comments and trailing commas here and there. */
const styles = fc.record({
  indent: fc.constantFrom<string | number>(0, 2, 4, "\t"),
  eol: fc.constantFrom("\n", "\r\n"),
  comment: fc.constantFrom("", " // mine", " /* mine */"),
  every: fc.integer({ min: 1, max: 4 }),
  trailing: fc.boolean(),
});

function written(
  json: unknown,
  { indent, eol, comment, every, trailing }: typeof styles extends fc.Arbitrary<infer S> ? S : never,
) {
  const lines = JSON.stringify(json, null, indent).split("\n");
  if (lines.length === 1) return lines[0] ?? "";
  return lines
    .map((line, index) => {
      const isLastItem = /[^,[{]$/.test(line) && /^\s*[\]}]/.test(lines[index + 1] ?? "");
      return (
        line +
        (trailing && isLastItem ? "," : "") +
        (index % every === 0 && index < lines.length - 1 ? comment : "")
      );
    })
    .join(eol);
}

const readable = (text: string) => parse(text, [], { allowTrailingComma: true });

function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

describe("an edit of a JSON text", () => {
  it("is taken back byte for byte, however the text is written", () => {
    fc.assert(
      fc.property(document, edits, styles, (json, edit, style) => {
        const before = written(json, style);
        const edited = attempt(() => withEdit(before, edit, "settings.json"));
        fc.pre(edited !== null);
        expect(withoutEdit(edited.text, edit, edited.change, "settings.json")).toBe(before);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is taken out of a text that was written anew, and nothing else is", () => {
    fc.assert(
      fc.property(document, edits, styles, styles, value, (json, edit, style, other, more) => {
        const edited = attempt(() => withEdit(written(json, style), edit, "settings.json"));
        fc.pre(edited !== null);
        const anew = written(withValue(readable(edited.text), ["added since"], more), other);
        const without = withoutEdit(anew, edit, edited.change, "settings.json");
        expect(readable(without)).toEqual(withValue(json, ["added since"], more));
        // No comma too many, and no comment that was not there: not every program takes them.
        const isPlain = !other.trailing && other.comment === "" && style.comment === "";
        if (isPlain) expect(() => JSON.parse(without)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});
