/** What the README shows first. */
import { execFile } from "node:child_process";
import { expect, it } from "vitest";

it("the demo reads every return with keepwarm, writes it without, and says what each cost", async () => {
  const { code, output } = await demo("--ttl-5m", "2s");
  expect(output.at(-1)).toMatch(/^total +0 +\d{3},\d{3} +\$1\.\d+ +[\d,]+ +50,\d{3} +\$0\.\d+$/);
  const returns = output.filter((line) => line.startsWith("return after"));
  expect(returns).toHaveLength(3);
  for (const line of returns) expect(line).toMatch(/ 0 +50,\d{3} +\$0\.25\d+ +50,\d{3} +\d\d? /);
  expect(code).toBe(0);
}, 60_000);

function demo(...args: string[]): Promise<{ code: unknown; output: string[] }> {
  return new Promise((resolve) =>
    execFile(process.execPath, ["src/cli.ts", "demo", ...args], (error, stdout) =>
      resolve({ code: error?.code ?? 0, output: stdout.trimEnd().split("\n") }),
    ),
  );
}
