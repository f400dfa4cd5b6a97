import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLink } from "../../src/cli/open-link.ts";
import { aStateDirectory } from "../support/control-under-test.ts";

const LINK = `http://127.0.0.1:4778/#token=${"a-_Z".repeat(10)}xyz`;

describe("opening the console's link", () => {
  it("gives the browser a file that only its owner may read, and no secret on a command line", async () => {
    const directory = aStateDirectory();
    const launched: string[] = [];
    await openLink(LINK, { directory, launch: async (file) => launched.push(file) });
    const file = join(directory, "console.html");
    expect(launched).toEqual([file]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toContain(`content="0;url=${LINK}"`);
    expect(readdirSync(directory)).toEqual(["console.html"]);
  });

  it("takes the place of an earlier one that others may read", async () => {
    const directory = aStateDirectory();
    const file = join(directory, "console.html");
    writeFileSync(file, "old", { mode: 0o644 });
    await openLink(LINK, { directory, launch: async () => {} });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("says so when there is no browser", async () => {
    const launch = async () => {
      throw new Error("spawn xdg-open ENOENT");
    };
    await expect(openLink(LINK, { directory: aStateDirectory(), launch })).rejects.toThrow(
      "no browser could be opened (spawn xdg-open ENOENT): open the link yourself",
    );
  });

  it("says so when what should start a browser finds none", async () => {
    const directory = aStateDirectory();
    const launch = async () => spawn(process.execPath, ["-e", "process.exit(3)"]);
    await expect(openLink(LINK, { directory, launch })).rejects.toThrow(
      /^no browser could be opened \(node(\.exe)? ended with 3\): open the link yourself$/,
    );
    await openLink(LINK, { directory, launch: async () => spawn(process.execPath, ["-e", ""]) });
  });

  it("puts nothing into the file that is not a link", async () => {
    const directory = aStateDirectory();
    await openLink('http://127.0.0.1/#token="><script>', { directory, launch: async () => {} });
    expect(readFileSync(join(directory, "console.html"), "utf8")).not.toContain("<script>");
  });
});
