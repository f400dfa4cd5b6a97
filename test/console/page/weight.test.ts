import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { buildConsolePage, LIGHT_BYTES, weightOf } from "../../../scripts/console-page.ts";

it("weighs less than 100 kB at its first paint, with nothing inline", async () => {
  const directory = mkdtempSync(join(tmpdir(), "keepwarm-page-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  await buildConsolePage(directory);
  expect(weightOf(directory)).toBeLessThan(LIGHT_BYTES);
  const html = readFileSync(join(directory, "index.html"), "utf8");
  expect(html).not.toMatch(/style=|<style|<script(?![^>]*src=)|\son\w+=|https?:/);
});
