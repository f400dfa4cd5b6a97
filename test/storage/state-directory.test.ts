import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { stateDirectory } from "../../src/storage/state-directory.ts";

describe("the state directory", () => {
  it("is where KEEPWARM_HOME says, on every platform", () => {
    for (const platform of ["linux", "darwin", "win32"] as const) {
      expect(stateDirectory({ KEEPWARM_HOME: "/kw", XDG_STATE_HOME: "/x" }, platform, "/home/ada")).toBe(
        "/kw",
      );
    }
    expect(stateDirectory({ KEEPWARM_HOME: "kw" }, "linux", "/home/ada")).toBe(resolve("kw"));
  });

  it("follows the XDG specification on Linux", () => {
    expect(stateDirectory({}, "linux", "/home/ada")).toBe("/home/ada/.local/state/keepwarm");
    expect(stateDirectory({ XDG_STATE_HOME: "/state" }, "linux", "/home/ada")).toBe("/state/keepwarm");
  });

  it("takes an empty variable, or a relative XDG_STATE_HOME, as unset", () => {
    const unset = { KEEPWARM_HOME: "", XDG_STATE_HOME: "state" };
    expect(stateDirectory(unset, "linux", "/home/ada")).toBe("/home/ada/.local/state/keepwarm");
  });

  it("is among the application data on macOS and Windows", () => {
    expect(stateDirectory({}, "darwin", "/Users/ada")).toBe(
      "/Users/ada/Library/Application Support/keepwarm",
    );
    const local = "C:\\Users\\ada\\AppData\\Local";
    expect(stateDirectory({ LOCALAPPDATA: local }, "win32", "C:\\Users\\ada")).toBe(`${local}\\keepwarm`);
    expect(stateDirectory({}, "win32", "C:\\Users\\ada")).toBe(`${local}\\keepwarm`);
  });
});
