import { describe, expect, it } from "vitest";
import { wrapped } from "../../src/cli/wrapped.ts";

describe("text in a terminal", () => {
  it("is broken between words, none of its lines wider than that", () => {
    expect(wrapped("one two three four", { width: 9 })).toEqual(["one two", "three", "four"]);
    expect(wrapped("one two", { width: 7 })).toEqual(["one two"]);
    expect(wrapped("one two")).toEqual(["one two"]);
    expect(wrapped("")).toEqual([""]);
  });

  it("has its further lines stand under the first", () => {
    expect(wrapped("one two three", { width: 10, first: "· " })).toEqual(["· one two", "  three"]);
    expect(wrapped("one two three", { width: 10, first: "· ", next: "" })).toEqual(["· one two", "three"]);
  });

  it("keeps a word whole that is wider than a line, and counts columns, not characters", () => {
    expect(wrapped("a http://127.0.0.1:4777 b", { width: 8 })).toEqual(["a", "http://127.0.0.1:4777", "b"]);
    expect(wrapped("日本 日本", { width: 8 })).toEqual(["日本", "日本"]);
  });
});
