import { describe, expect, it } from "vitest";
import { startFrugal } from "../../src/cli/frugal-memory.ts";

interface Started {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Where a process of these flags and this environment starts itself anew; null when it goes on. */
function startedAnew(execArgv: string[], env: NodeJS.ProcessEnv = {}): Started | null {
  let started: Started | null = null;
  const execve = (file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) => {
    started = { file, args, env };
  };
  const argv = ["/bin/node", "/bin/keepwarm", "start", "--port", "0"];
  startFrugal({ execPath: "/bin/node", execArgv, argv, env, execve });
  return started;
}

describe("a gateway's process", () => {
  it("starts anew, in its place, with a small young generation and a heap that gives memory back", () => {
    expect(startedAnew(["--no-warnings"], { HOME: "/home/ada" })).toEqual({
      file: "/bin/node",
      args: [
        "/bin/node",
        "--no-warnings",
        "--max-semi-space-size=4",
        "/bin/keepwarm",
        "start",
        "--port",
        "0",
      ],
      env: { HOME: "/home/ada", MALLOC_MMAP_THRESHOLD_: "131072" },
    });
  });

  it("starts anew once", () => {
    expect(startedAnew(["--max-semi-space-size=4"])).toBeNull();
  });

  it("keeps what its person set", () => {
    expect(startedAnew([], { MALLOC_MMAP_THRESHOLD_: "1000000" })?.env).toEqual({
      MALLOC_MMAP_THRESHOLD_: "1000000",
    });
    expect(startedAnew(["--max-semi-space-size=64"])).toBeNull();
  });

  it("goes on as it is where a process cannot be replaced", () => {
    const argv = ["/bin/node", "/bin/keepwarm", "start"];
    expect(() => startFrugal({ execPath: "/bin/node", execArgv: [], argv, env: {} })).not.toThrow();
  });
});
