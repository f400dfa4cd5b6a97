import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { takeLock } from "../../src/storage/process-lock.ts";

const file = () => join(mkdtempSync(join(tmpdir(), "keepwarm-lock-")), "state", "gateway.lock");

it("a lock is held by one at a time, and can be taken again once it is released", () => {
  const path = file();
  const first = takeLock(path);
  expect(first).not.toBeNull();
  expect(takeLock(path)).toBeNull();
  first?.release();
  const second = takeLock(path);
  expect(second).not.toBeNull();
  second?.release();
});

it("a lock ends with its process, even one that is killed", async () => {
  const path = file();
  const module = resolve("src/storage/process-lock.ts");
  const program = `import(${JSON.stringify(module)}).then(({ takeLock }) => { globalThis.lock = takeLock(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000); });`;
  const other = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void other.kill("SIGKILL"));
  await once(other.stdout, "data");
  expect(takeLock(path)).toBeNull();
  other.kill("SIGKILL");
  await once(other, "exit");
  const lock = takeLock(path);
  expect(lock).not.toBeNull();
  lock?.release();
});
