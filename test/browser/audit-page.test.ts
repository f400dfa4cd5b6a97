/** The page that an audit writes, opened as a person does: as a file, by day and by night, at a desk and on a phone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { auditOf, auditPage, type Conversation } from "../../src/audit/index.ts";
import { callAt, cold, conversation, READING } from "../audit/conversations.ts";
import { launchChromium } from "../support/chromium.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

declare const axe: typeof import("axe-core");

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await launchChromium();
  folder = mkdtempSync(join(tmpdir(), "keepwarm-page-"));
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Half a year of pauses on both sides of both lifetimes, in several projects, on several models. */
function past(): Conversation[] {
  const models = ["claude-opus-4-5", "claude-sonnet-5-5", "claude-haiku-5-5", "gpt-5.5"];
  return Array.from({ length: 60 }, (_, index) =>
    conversation(
      [0, 3, 12, 16, 45, 200, 201, 1_400, 1_409].map((minutes, turn) =>
        callAt(index * 4_300 + minutes, {
          ...([2, 4, 5, 7, 8].includes(turn) ? cold : {}),
          model: models[index % models.length] ?? "",
        }),
      ),
      { session: `s${index}`, project: `a-project-with-a-name-of-some-length-${index % 9}` },
    ),
  );
}

async function fileOf(conversations: readonly Conversation[]): Promise<string> {
  const file = join(folder, "page.html");
  const reading = { ...READING, byAgent: { "claude-code": { files: 60, conversations: 60, calls: 540 } } };
  writeFileSync(file, auditPage(await auditOf({ conversations, reading, blocked: [] })));
  return pathToFileURL(file).href;
}

async function violations(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(
    (values): Promise<AxeResults> => axe.run(document, { runOnly: { type: "tag", values } }),
    TAGS,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

it.each([
  ["light", "at a desk", 1_400],
  ["light", "on a phone", 360],
  ["dark", "at a desk", 1_400],
  ["dark", "on a phone", 360],
] as const)("by %s %s it can be read by anybody, and asks for nothing", async (colorScheme, _, width) => {
  const url = await fileOf(past());
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  await context.addInitScript({ content: AXE });
  const asked: string[] = [];
  const complaints: string[] = [];
  context.on("request", (request) => asked.push(request.url()));
  context.on("console", (message) => complaints.push(message.text()));
  const page = await context.newPage();
  await page.goto(url);
  expect(await page.locator("h1").innerText()).toMatch(
    /^Idling cost \$[\d,.]+ of the \$[\d,.]+ that prompts cost\.$/,
  );
  // Each plot is drawn for either width, and shown once.
  expect(await page.locator(".plot:visible").count()).toBe(4);
  expect(await page.locator(".plot:visible [role=img]").count()).toBe(4);
  expect(await violations(page)).toEqual([]);
  for (const summary of await page.locator("summary").all()) await summary.click();
  expect(await violations(page)).toEqual([]);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(sideways).toBeLessThanOrEqual(0);
  expect(await textsOutside(page)).toEqual([]);
  expect([asked, complaints]).toEqual([[url], []]);
  await context.close();
});

/** Words of plots that are cut off at the edge of their picture, or lie on others in their row. */
function textsOutside(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll(".plot svg")].flatMap((svg) => {
      const around = svg.getBoundingClientRect();
      if (around.width === 0) return [];
      const texts = [...svg.querySelectorAll("text")].map((text) => ({
        text: text.textContent ?? "",
        box: text.getBoundingClientRect(),
      }));
      const cut = texts.filter(({ box }) => box.left < around.left - 1 || box.right > around.right + 1);
      const over = texts.filter(({ box }, index) =>
        texts.some(
          (other, another) =>
            another > index &&
            Math.abs(other.box.top - box.top) < 4 &&
            other.box.left < box.right - 1 &&
            box.left < other.box.right - 1,
        ),
      );
      return [...cut, ...over].map(({ text }) => text);
    }),
  );
}

it("says so where transcripts tell of no writes", async () => {
  const none = { model: "gpt-5.5", write5mTokens: 0, readTokens: 0, uncachedTokens: 9_000 };
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(await fileOf([conversation([callAt(0, none), callAt(60, none)])]));
  expect(await page.locator("h1").innerText()).toContain("do not tell what was written");
  expect(await page.locator("h2, .plot").count()).toBe(0);
  await context.close();
});
