import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  CatalogueError,
  type PrefixEntry,
  readCatalogue,
  type WantedArtifact,
} from "../../src/prewarm/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { requestOf } from "./entries.ts";

let folder = "";
beforeEach(() => {
  folder = aStateDirectory();
});

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const bodyOf = (entry: PrefixEntry | undefined) => JSON.parse(new TextDecoder().decode(entry?.body));

describe("a catalogue", () => {
  it("may be one file with a list, whose requests stand in it, in files, or in modules", async () => {
    write("reviewer.json", requestOf("reviewer"));
    write("planner.mjs", `export default async () => (${JSON.stringify(requestOf("planner"))});`);
    const file = write("all.json", {
      prefixes: [
        { name: "inline", request: requestOf("inline"), schedule: "4m", triggers: ["connect", "miss"] },
        {
          name: "reviewer",
          file: "reviewer.json",
          triggers: ["commit"],
          files: ["AGENTS.md"],
          betas: ["some-beta"],
        },
        {
          name: "planner",
          module: "planner.mjs",
          schedule: "0 8 * * 1-5",
          timeZone: "Europe/Berlin",
          pinned: true,
        },
      ],
    });
    const { entries, problems, files } = await readCatalogue(file);
    expect(problems).toEqual([]);
    expect(files).toEqual([file]);
    expect(entries.map(({ name }) => name)).toEqual(["inline", "reviewer", "planner"]);
    const [inline, reviewer, planner] = entries;
    expect(inline).toMatchObject({
      schedule: { everyMs: 240_000 },
      triggers: ["connect", "miss"],
      pinned: false,
    });
    expect(reviewer).toMatchObject({
      betas: ["some-beta"],
      files: [join(folder, "reviewer.json"), join(folder, "AGENTS.md")],
    });
    expect(planner).toMatchObject({
      schedule: { cron: "0 8 * * 1-5", timeZone: "Europe/Berlin" },
      pinned: true,
    });
    expect(bodyOf(planner)).toEqual(requestOf("planner"));
  });

  it("may be a folder, each of whose files is an entry or a list", async () => {
    write("b.json", { request: requestOf("b") });
    write("a.json", { prefixes: [{ name: "one", request: requestOf("one") }] });
    write("notes.md", "none of it");
    const { entries } = await readCatalogue(folder);
    expect(entries.map(({ name }) => name)).toEqual(["one", "b"]);
  });

  it("gives a request without messages its placeholder, and its tier to every marker", async () => {
    const { messages: _, ...request } = requestOf("reviewer");
    const file = write("all.json", { prefixes: [{ name: "reviewer", request, tier: "1h" }] });
    const body = bodyOf((await readCatalogue(file)).entries[0]);
    expect(body.messages).toEqual([{ role: "user", content: "warmup" }]);
    expect(body.system[0].cache_control).toEqual({ type: "ephemeral", ttl: "1h" });
  });

  it("is built anew by a module that was changed", async () => {
    const module = (name: string) => `export default () => (${JSON.stringify(requestOf(name))});`;
    const file = write("all.json", { prefixes: [{ name: "planner", module: "planner.mjs" }] });
    write("planner.mjs", module("one"));
    expect(bodyOf((await readCatalogue(file)).entries[0])).toEqual(requestOf("one"));
    write("planner.mjs", module("two"));
    expect(bodyOf((await readCatalogue(file)).entries[0])).toEqual(requestOf("two"));
  });

  it.each([
    [{ name: "a" }, "it needs one of request, file and module, and no more than one"],
    [{ name: "a b", request: requestOf("a") }, "name: a name has letters"],
    [{ name: "a", request: requestOf("a"), schedule: "5 o'clock" }, "schedule: the cron expression"],
    [{ name: "a", request: requestOf("a"), schedule: "10ms" }, "schedule: an interval is from 1s to 7d"],
    [
      { name: "a", request: requestOf("a"), schedule: "50 8 * * *", timeZone: "Mars/Olympus" },
      "timeZone: there is no such time zone",
    ],
    [{ name: "a", request: requestOf("a"), triggers: ["often"] }, "triggers: 0: "],
    [{ name: "a", request: requestOf("a"), every: "4m" }, 'there is no field "every"'],
    [{ name: "a", request: {} }, "request: model: it is missing"],
    [{ name: "a", request: requestOf("a"), pinned: "yes" }, "pinned: it must be of type boolean"],
    [{ name: "a", request: requestOf("a"), schedule: "* *" }, "required: write 4m"],
    [{ name: "a", file: "missing.json" }, "missing.json cannot be read (ENOENT)"],
    [{ name: "a", module: "broken.mjs" }, "broken.mjs could not be run: no persona today"],
    [{ name: "a", request: { messages: [] } }, "request: model: "],
  ])("leaves out what cannot be read, says why, and reads the rest: %j", async (entry, why) => {
    write("broken.mjs", `export default () => { throw new Error("no persona today"); };`);
    const file = write("all.json", { prefixes: [entry, { name: "good", request: requestOf("good") }] });
    const { entries, problems } = await readCatalogue(file);
    expect(entries.map(({ name }) => name)).toEqual(["good"]);
    expect(problems).toMatchObject([{ name: entry.name, file }]);
    expect(problems[0]?.sentence).toContain(why);
  });

  it("says when two entries have one name, when a file is no JSON, and when there is nothing", async () => {
    const twice = { name: "a", request: requestOf("a") };
    write("1.json", { prefixes: [twice, twice] });
    write("2.json", "{ nonsense");
    const { entries, problems } = await readCatalogue(folder);
    expect(entries).toHaveLength(1);
    expect(problems.map(({ name, sentence }) => [name, sentence.slice(0, 14)])).toEqual([
      ["a", "another entry "],
      [null, "it is not JSON"],
    ]);
    mkdirSync(join(folder, "empty"));
    expect((await readCatalogue(join(folder, "empty"))).entries).toEqual([]);
    await expect(readCatalogue(join(folder, "nowhere"))).rejects.toThrow(CatalogueError);
  });
});

describe("a catalogue's entry that is made of artifacts", () => {
  const map = { type: "repo_map", parameters: { path: "src" } };
  const system = [
    { type: "text", text: "The files:\n{{artifact:map}}", cache_control: { type: "ephemeral" } },
  ];
  const artifacts = async ({ type, repository, branch, parameters }: WantedArtifact) =>
    JSON.stringify({ type, repository, branch, parameters });

  it("has their content where its texts name them", async () => {
    const request = { ...requestOf("one"), system };
    const file = write("all.json", { prefixes: [{ name: "one", request, artifacts: { map } }] });
    const { entries, problems } = await readCatalogue(file, { artifacts });
    expect(problems).toEqual([]);
    const wanted = { type: "repo_map", repository: folder, branch: "HEAD", parameters: { path: "src" } };
    expect(bodyOf(entries[0]).system[0].text).toBe(`The files:\n${JSON.stringify(wanted)}`);
  });

  it("has them given to its module", async () => {
    write(
      "one.mjs",
      `export default ({ artifacts }) => ({ ...${JSON.stringify(requestOf("one"))}, system: artifacts.map });`,
    );
    const file = write("all.json", { prefixes: [{ name: "one", module: "one.mjs", artifacts: { map } }] });
    const { entries } = await readCatalogue(file, { artifacts: async () => "a map" });
    expect(bodyOf(entries[0]).system).toBe("a map");
  });

  it("changes with the branches that they are of", async () => {
    mkdirSync(join(folder, ".git"), { recursive: true });
    const request = { ...requestOf("one"), system };
    const other = { ...map, branch: "main" };
    const file = write("all.json", { prefixes: [{ name: "one", request, artifacts: { map, other } }] });
    const { entries } = await readCatalogue(file, { artifacts });
    const git = (name: string) => join(folder, ".git", name);
    expect(entries[0]?.files).toEqual(
      ["HEAD", "logs/HEAD", "refs/heads/main", "logs/refs/heads/main"].map(git),
    );
  });

  it("is left out where one of them cannot be made or is not its own, and says so", async () => {
    const prefixes = [
      { name: "unknown", request: { ...requestOf("one"), system } },
      { name: "failed", request: { ...requestOf("one"), system }, artifacts: { map } },
    ];
    const file = write("all.json", { prefixes });
    const { entries, problems } = await readCatalogue(file, {
      artifacts: () => Promise.reject(new Error("there is no such repository")),
    });
    expect(entries).toEqual([]);
    expect(problems.map(({ sentence }) => sentence)).toEqual([
      "its text names the artifact map, which is not among its artifacts",
      "there is no such repository",
    ]);
    const nowhere = await readCatalogue(file);
    expect(nowhere.problems[1]?.sentence).toBe(
      "it is made of the artifact map, and nobody here makes artifacts",
    );
  });
});
