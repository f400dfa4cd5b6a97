import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

it("the clone's keepwarm script works in the folder that its person is in, not in the clone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-clone-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "recordings.jsonl"), "");
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const [program, script] = scripts.keepwarm.split(" ");
  expect(program).toBe("node");
  const said = await new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      [script, "lab", "recordings.jsonl"],
      { env: { ...process.env, INIT_CWD: folder, npm_lifecycle_event: "keepwarm" } },
      (_, stdout, stderr) => resolve(stdout + stderr),
    ),
  );
  expect(said).toContain("recordings.jsonl");
  expect(said).not.toContain("ENOENT");
});
