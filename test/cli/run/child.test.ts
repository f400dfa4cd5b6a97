import { describe, expect, it } from "vitest";
import { start } from "./world.ts";

/** Counts the signals that it gets, and ends by itself some time after the first. */
const COUNTER = `
  let count = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.on(name, () => {
    count += 1;
    setTimeout(() => { console.log(name, count); process.exit(3); }, 200);
  });
  setInterval(() => {}, 1000);
  console.log("ready");
`;

function counting(terminal: "terminal" | "none") {
  return start("test/support/child-under-test.ts", [terminal, process.execPath, "-e", COUNTER], {
    PATH: process.env.PATH,
  });
}

describe("signals", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
    "%s reaches the command where there is no terminal, and the command decides what then",
    async (signal) => {
      const { child, says, ended } = counting("none");
      await says(/ready/);
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 3, signal: null, stdout: `ready\n${signal} 1\n` });
    },
  );

  it.each(["SIGINT", "SIGQUIT"] as const)("%s from a terminal reaches the command once", async (signal) => {
    const { child, says, ended } = counting("terminal");
    await says(/ready/);
    // As a terminal does: to everybody in its foreground.
    process.kill(-(child.pid ?? 0), signal);
    expect(await ended).toMatchObject({ code: 3, signal: null, stdout: `ready\n${signal} 1\n` });
  });

  it("SIGTERM reaches the command in a terminal too, where nobody else sends it", async () => {
    const { child, says, ended } = counting("terminal");
    await says(/ready/);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 3, stdout: "ready\nSIGTERM 1\n" });
  });
});

describe("the end of the command", () => {
  it.each([0, 1, 7, 255])("its exit code %s is ours", async (code) => {
    const { ended } = start("test/support/child-under-test.ts", [
      "none",
      process.execPath,
      "-e",
      `process.exit(${code})`,
    ]);
    expect(await ended).toMatchObject({ code, signal: null, stderr: "" });
  });

  it.each(["SIGTERM", "SIGINT", "SIGKILL", "SIGHUP"] as const)("killed by %s, so are we", async (signal) => {
    const script = `process.kill(process.pid, "${signal}"); setInterval(() => {}, 1000);`;
    const { ended } = start("test/support/child-under-test.ts", ["none", process.execPath, "-e", script]);
    expect(await ended).toMatchObject({ code: null, signal });
  });
});
