/** A real gateway's files, logs, answers and crash reports, after everything that could put a secret there. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { API_KEY, BEARER, LEAKS, leaky, marked, marksIn } from "../gateway/leaky.ts";
import { text } from "../hosts/sdk/world.ts";
import { setUp, TTL_MS } from "./gateway-process.ts";

/** Throws in the gateway's process, where nothing catches it. */
const CRASHING = "data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('crashed')})";

it("hold no mark of a key or a prompt, a crash report included", async () => {
  const { start, emulatorUrl, keepwarm, files, warms, home } = await setUp();
  const api = await leaky(emulatorUrl);
  const gateway = await start({
    upstream: api.url,
    args: ["--log-level", "debug", "--enable-new", "--allow-subscription"],
    nodeArgs: ["--report-uncaught-exception", `--report-directory=${home}`, "--import", CRASHING],
  });
  const said: string[] = [];
  async function say(...args: string[]): Promise<void> {
    const { stdout, stderr } = await keepwarm(...args);
    said.push(stdout, stderr);
  }
  async function ask(id: string, headers: Record<string, string>, body: string): Promise<void> {
    const url = `${gateway.url}/v1/messages?key=${API_KEY}`;
    const named = { "x-keepwarm-conversation": id, ...headers };
    const answer = await fetch(url, { method: "POST", headers: named, body, redirect: "manual" });
    await answer.text().catch(() => {});
  }
  const credentials = [{ "x-api-key": API_KEY }, { authorization: `Bearer ${BEARER}` }] as const;

  for (const [index, credential] of credentials.entries()) {
    const body = (stream: boolean) => JSON.stringify({ ...marked(text(`c${index}`)), stream });
    for (const leak of Object.values(LEAKS)) {
      api.next([leak], "all");
      await ask(`c${index}`, credential, body(true));
    }
    await ask(`c${index}`, credential, `{"messages":${"[".repeat(100_000)}${body(false)}`);
    await ask(`c${index}`, { ...credential, "content-encoding": "gzip" }, body(false));
    await ask(`c${index}`, credential, body(index === 0));
  }
  await say("status");
  await say("status", "--json");
  for (const command of ["on", "off", "on"]) await say(command, "c0");
  await say("interval", "c0", "1s");
  for (const leak of Object.values(LEAKS)) {
    api.next([leak], "warms");
    await say("warm", "c0");
    await say("status", "--json");
    await ask("c0", credentials[0], JSON.stringify(marked(text("c0"))));
  }
  await sleep(TTL_MS);
  expect(warms().length).toBeGreaterThan(0);
  await say("doctor");
  await say("forget", "c1");
  await say("status", "--json");

  gateway.child.kill("SIGUSR2");
  expect(await gateway.exited).not.toBe(0);
  const report = files().find(([name]) => name.startsWith("report."));
  expect(report?.[1].toString()).toContain("crashed");
  expect(gateway.stderr.length).toBeGreaterThan(1_000);
  expect(said.join("").length).toBeGreaterThan(1_000);
  for (const [name, content] of files()) expect([name, marksIn(content)]).toEqual([name, []]);
  const lines = `${gateway.stdout}${gateway.stderr}`.split("\n");
  expect(lines.filter((line) => marksIn(line).length > 0)).toEqual([]);
  expect(marksIn(said.join("\n"))).toEqual([]);
});
