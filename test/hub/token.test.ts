import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { controlToken, TokenError } from "../../src/hub/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe("the control token", () => {
  it("is made once, of 32 random bytes, in a file and a folder that only its owner may read", async () => {
    const directory = join(aStateDirectory(), "not", "there", "yet");
    const token = await controlToken(directory);
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(readFileSync(join(directory, "token"), "utf8")).toBe(token);
    expect(modeOf(join(directory, "token"))).toBe(0o600);
    expect(modeOf(directory)).toBe(0o700);
    expect(await controlToken(directory)).toBe(token);
    expect(await controlToken(aStateDirectory())).not.toBe(token);
  });

  it("is the same for processes that start at once", async () => {
    const directory = aStateDirectory();
    const hub = pathToFileURL("src/hub/index.ts").href;
    const program = `import { controlToken } from ${JSON.stringify(hub)};
      process.stdin.once("data", async () => {
        process.stdout.write(await controlToken(${JSON.stringify(directory)}));
        process.exit();
      });
      process.stdout.write("ready ");`;
    const processes = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ["--input-type=module", "--eval", program], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    await Promise.all(
      processes.map(({ stdout }) => new Promise((resolve) => stdout.once("readable", resolve))),
    );
    const said = processes.map(({ stdout }) => text(stdout));
    for (const { stdin } of processes) stdin.write("go");
    const answers = new Set(await Promise.all(said));
    expect([...answers]).toEqual([expect.stringMatching(/^ready [\w-]{43}$/)]);
  });

  it("is the same for callers of one process that ask at once", async () => {
    const directory = aStateDirectory();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => controlToken(directory)));
    expect(new Set(tokens).size).toBe(1);
  });

  it("is waited for while another process is still writing it", async () => {
    const directory = aStateDirectory();
    writeFileSync(join(directory, "token"), "", { mode: 0o600 });
    const read = controlToken(directory);
    setTimeout(() => writeFileSync(join(directory, "token"), "T".repeat(43)), 30);
    expect(await read).toBe("T".repeat(43));
  });

  it.each([0o644, 0o640, 0o604, 0o660, 0o602])(
    "is refused when others may have read or written it (mode %o), with the way out",
    async (mode) => {
      const directory = aStateDirectory();
      const token = await controlToken(directory);
      const file = join(directory, "token");
      chmodSync(file, mode);
      const refused = controlToken(directory);
      await expect(refused).rejects.toThrow(TokenError);
      await expect(refused).rejects.toThrow(`others on this machine may read ${file}`);
      await expect(refused).rejects.toThrow("remove the file");
      await expect(refused).rejects.not.toThrow(token);
      expect(modeOf(file)).toBe(mode);
    },
  );

  it("is refused when the file holds something else", async () => {
    const directory = aStateDirectory();
    writeFileSync(join(directory, "token"), "not a token\n", { mode: 0o600 });
    await expect(controlToken(directory)).rejects.toThrow("holds no token: remove it");
  });

  it("says where it could not be made", async () => {
    const directory = aStateDirectory();
    mkdirSync(join(directory, "token"), { mode: 0o700 });
    await expect(controlToken(directory)).rejects.toThrow(`${join(directory, "token")} could not be read`);
    writeFileSync(join(directory, "file"), "");
    await expect(controlToken(join(directory, "file"))).rejects.toThrow("could not be made");
  });
});
