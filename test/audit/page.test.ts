import { describe, expect, it } from "vitest";
import { type AuditReport, auditOf, auditPage, type Conversation } from "../../src/audit/index.ts";
import { auditText, NO_CALLS } from "../../src/cli/audit-text.ts";
import { callAt, cold, conversation, READING, UTC } from "./conversations.ts";

const SOME = { ...READING, brokenLines: 2, repeatedCalls: 3 };

function audited(...conversations: Conversation[]): Promise<AuditReport> {
  return auditOf({ conversations, reading: SOME, blocked: [] }, { calendar: UTC });
}

const usual = () => conversation([callAt(0), callAt(9, cold), callAt(80, cold), callAt(20_000, cold)]);
const hostile = '<img src=x onerror=alert(1)>\u001b[31m\u202e"&';

const REPORTS: readonly (readonly [string, () => Promise<AuditReport>])[] = [
  ["a usual past", () => audited(usual())],
  ["a single call", () => audited(conversation([callAt(0)]))],
  ["no pause", () => audited(conversation([callAt(0), callAt(1)]))],
  ["nothing at all", () => audited()],
  [
    "no known price",
    () => audited(conversation([callAt(0, { model: "gpt-5.5" }), callAt(9, { model: "gpt-5.5" })])),
  ],
  ["ten years", () => audited(conversation([callAt(0), callAt(10 * 365 * 24 * 60, cold)]))],
];

describe.each(REPORTS)("the page of %s", (_, make) => {
  it("has no number that is none", async () => {
    const page = auditPage(await make());
    expect(page).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  it("is whole: nothing in it is fetched, and nothing runs", async () => {
    const page = auditPage(await make());
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(
      /<(?:script|link|img|iframe|object|embed|use|image)\b|url\(|https?:|@import|\bsrc=|\bhref=/i,
    );
  });

  it("has every element closed in its order", async () => {
    const open: string[] = [];
    const page = auditPage(await make());
    for (const [, slash, name = "", rest = ""] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^<>]*)>/g)) {
      if (slash === "/") expect(open.pop()).toBe(name);
      else if (name !== "meta" && !rest.endsWith("/")) open.push(name);
    }
    expect(open).toEqual([]);
  });
});

it("shows names from elsewhere as text", async () => {
  const report = await audited({ ...usual(), project: hostile });
  const page = auditPage(report);
  expect(page).not.toContain("<img");
  expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  for (const control of ["\u001b", "\u202e"]) expect(page).not.toContain(control);
  expect(auditText(report, 120)).not.toContain("\u202e");
});

describe("the text", () => {
  it("says what idling cost, and what to do", async () => {
    const text = auditText(await audited(usual()), 120);
    expect(text).toMatch(
      /2026-01-05 to 2026-01-19: idling cost \$1\.\d\d, [\d.]+ % of what your prompts cost\./,
    );
    expect(text).toMatch(/acme-shop +\$1\.\d\d/);
    expect(text).toMatch(/auto +\$/);
    expect(text).toMatch(/That rests on 3 pauses/);
  });

  it("says so where there is nothing", async () => {
    expect(auditText(await audited(), 120)).toBe(NO_CALLS);
  });
});
