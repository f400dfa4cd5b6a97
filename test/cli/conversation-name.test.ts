import { describe, expect, it } from "vitest";
import { calledSo, type Known, nameOf, namesAmong } from "../../src/cli/conversation-name.ts";

const uuid = (start: string) => `${start}-1b2a-4c4d-8e8f-001122334455`;
const known = (id: string, folder: string | null = null): Known => ({ id, folder });

describe("what a conversation is called", () => {
  it.each([
    ["a person's own name, whole", "refactor-the-payment-service", "refactor-the-payment-service"],
    ["a UUID, by its first group", uuid("0f6e8a2c"), "0f6e8a2c"],
    ["one of ours, by what follows the prefix", `keepwarm-thread-${uuid("3f2a1c08")}`, "3f2a1c08"],
    ["OpenCode's, by its first letters", "ses_5f3a1c08XyZ5f3a1c08XyZab", "ses_5f3a1c08"],
    ["eight letters that are no UUID's", "deadbeef-fix", "deadbeef-fix"],
  ])("is its id: %s", (_, id, name) => {
    expect(nameOf(known(id), [known(id)])).toBe(name);
  });

  it("is as much of its id as tells it from the others", () => {
    const [one, twin] = [known(uuid("0f6e8a2c")), known("0f6e8a2c-0000-4c4d-8e8f-001122334455")];
    expect(namesAmong([one, twin]).shortId(one.id)).toBe(one.id);
    expect(namesAmong([one]).shortId(one.id)).toBe("0f6e8a2c");
  });

  it("is its project's folder, and its id too where others share that", () => {
    const [one, two, other] = [known(uuid("0f6e8a2c"), "a"), known(uuid("11aa22bb"), "a"), known("c", "b")];
    expect([one, two, other].map((each) => nameOf(each, [one, two, other]))).toEqual([
      "a 0f6e8a2c",
      "a 11aa22bb",
      "b",
    ]);
  });

  it("is nothing that a terminal would take as a command", () => {
    expect(nameOf(known("x", "a\u001b[2Jb\u202e"), [])).toBe("ab ");
  });
});

describe("the conversations that a word may mean", () => {
  const all = [
    known("re", "cathedral"),
    known("review", "re"),
    known("refactor", null),
    known(`keepwarm-thread-${uuid("3f2a1c08")}`, "bazaar"),
    known("x1", "bazaar"),
  ];
  const meant = (word: string) => calledSo(all, word).map(({ id }) => id);

  it.each([
    ["re", ["re"]],
    ["bazaar", [`keepwarm-thread-${uuid("3f2a1c08")}`, "x1"]],
    ["ref", ["refactor"]],
    ["r", ["re", "review", "refactor"]],
    ["cath", ["re"]],
    ["3f2a", [`keepwarm-thread-${uuid("3f2a1c08")}`]],
    ["keepwarm-thread-3f", [`keepwarm-thread-${uuid("3f2a1c08")}`]],
    ["nobody", []],
  ])("%s: by id before folder, and either before the beginning of one", (word, ids) => {
    expect(meant(word)).toEqual(ids);
  });
});
