/** A gateway as people start it, the emulator behind it, and a person at the console in a real browser. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text as read } from "node:stream/consumers";
import Anthropic from "@anthropic-ai/sdk";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { API_KEY, MODEL, Talk, text } from "../hosts/sdk/world.ts";
import { launchChromium } from "../support/chromium.ts";
import { freePort } from "../support/free-port.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

/** How long a 5-minute cache entry lives here, in ms. */
export const TTL_MS = 10_000;

export interface WorldOptions {
  readonly ttlMs?: number;
  /** Settings of the gateway, as `KEEPWARM_…`. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function setUp({ ttlMs = TTL_MS, env: more = {} }: WorldOptions = {}) {
  const emulator = createEmulator({ ttl5mMs: ttlMs });
  const { url: upstream } = await emulator.listen();
  const home = mkdtempSync(join(tmpdir(), "keepwarm-browser-"));
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, "config"),
    KEEPWARM_HOME: join(home, "state"),
    KEEPWARM_PORT: String(await freePort()),
    // The page's own address, so that it is the same after a restart.
    KEEPWARM_CONSOLE_PORT: String(await freePort()),
    KEEPWARM_UPSTREAM: upstream,
    KEEPWARM_TTL_5M: `${ttlMs}ms`,
    ...more,
  };
  let gateway: ChildProcess | null = null;

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [resolve("src/cli.ts"), "start"], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    gateway = started;
    const complaint = read(started.stderr);
    const failed = once(started, "close").then(async () => {
      throw new Error(`the gateway did not start: ${await complaint}`);
    });
    const said = new Promise<void>((resolve) => {
      started.stdout.on("data", (chunk: Buffer) => chunk.includes("Point a client") && resolve());
    });
    await Promise.race([said, failed]);
    failed.catch(() => {});
  }

  async function kill(): Promise<void> {
    if (gateway === null || gateway.exitCode !== null || gateway.signalCode !== null) return;
    const gone = once(gateway, "exit");
    gateway.kill("SIGKILL");
    await gone;
  }

  onTestFinished(async () => {
    await kill();
    await emulator.close();
    rmSync(home, { recursive: true, force: true });
  });
  await start();

  const baseURL = `http://127.0.0.1:${env.KEEPWARM_PORT}`;
  const client = new Anthropic({ baseURL, apiKey: API_KEY, authToken: null, maxRetries: 0 });
  const { stdout } = await keepwarm(["console"], env);

  return {
    emulator,
    home,
    env,
    baseURL,
    /** What `keepwarm console` prints. */
    link: stdout.trim(),
    start,
    kill,
    /** A conversation through the gateway that has had one turn. */
    async talk(id: string, tokens = 4_000): Promise<Talk> {
      const talk = new Talk(client, text(`handbook of ${id}`, tokens), id);
      await talk.ask("Hello?");
      return talk;
    },
    warms: () => emulator.requests.filter(({ maxTokens }) => maxTokens !== null && maxTokens <= 1).length,
  };
}

/** Settings of a gateway that pre-warms a catalogue of one. */
export function prewarmed(fields: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-catalogue-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const system = [
    { type: "text", text: text("handbook of the reviewer", 4_000), cache_control: { type: "ephemeral" } },
  ];
  const entry = { name: "reviewer", request: { model: MODEL, system }, triggers: ["connect"], ...fields };
  writeFileSync(join(folder, "catalogue.json"), JSON.stringify({ prefixes: [entry] }));
  return {
    ANTHROPIC_API_KEY: API_KEY,
    KEEPWARM_PREWARM: "true",
    KEEPWARM_PREWARM_CATALOGUE: join(folder, "catalogue.json"),
  };
}

let browser: Promise<Browser> | null = null;
afterAll(async () => {
  await (await browser)?.close();
  browser = null;
});

/** Fails its test when the page breaks, breaks its own policy, or reaches for anything but the gateway. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  browser ??= launchChromium();
  const context = await (await browser).newContext({
    locale: "en-US",
    viewport: { width: 1_400, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  const complaints: string[] = [];
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("console", (message) => {
    // Chromium says so of every answer that is none; the challenge is one.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) complaints.push(message.text());
  });
  context.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "127.0.0.1") complaints.push(`asked ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  return context;
}

/** The console, opened by its link. */
export async function openConsole(
  link: string,
  { context, ...options }: BrowserContextOptions & { readonly context?: BrowserContext } = {},
): Promise<Page> {
  const page = await (context ?? (await openBrowser(options))).newPage();
  await page.goto(link);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

/** A conversation's row in the list. */
export function rowOf(page: Page, id: string): Locator {
  return page.getByRole("row").filter({ has: page.locator(`[data-row=${JSON.stringify(id)}]`) });
}

export const switchIn = (within: Locator): Locator => within.getByRole("switch");
export const intervalIn = (within: Locator): Locator => within.getByRole("spinbutton");
export const keepWarmIn = (within: Locator): Locator => within.getByRole("combobox");

/** Polls, as far as a warm may take on a busy machine. */
export const soon = { timeout: 3 * TTL_MS };
