import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { Argument, Command, Option } from "commander";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Candidate, completing, type Suggestions } from "../../src/cli/completion/completer.ts";
import { SHELLS } from "../../src/cli/completion/shells.ts";
import { suggest } from "../../src/cli/completion/suggest.ts";
import { createProgram } from "../../src/cli/program.ts";
import { flagOf, SETTING_NAMES } from "../../src/config/index.ts";

function values(suggestions: Suggestions): readonly string[] | string {
  if (typeof suggestions === "string") return suggestions;
  return suggestions.map((each: Candidate) => (typeof each === "string" ? each : each.value));
}

const next = async (...words: string[]) => values(await suggest(createProgram(), words));

/** A program with what keepwarm's own commands have not got yet. */
function otherProgram(): Command {
  const conversations = completing(new Argument("<id>", "a conversation"), async () => [
    "ada",
    "keepwarm-thread:1",
  ]);
  const unreachable = completing(new Argument("<id>", "a conversation"), () => {
    throw new Error("no gateway");
  });
  const command = completing(new Argument("<command...>", "what to run"), (before) =>
    before.length === 0 ? "commands" : "files",
  );
  const forConversation = completing(new Option("--for <id>", "a conversation"), () => ["ada"]);
  return new Command("keepwarm")
    .addCommand(new Command("on").addArgument(conversations).addOption(forConversation))
    .addCommand(new Command("off").addArgument(unreachable))
    .addCommand(new Command("run").addArgument(command).addOption(forConversation));
}

const inOther = async (...words: string[]) => values(await suggest(otherProgram(), words));

describe("what is suggested", () => {
  it("is every command that is for people", async () => {
    const shown = createProgram()
      .commands.map((command) => command.name())
      .filter((name) => !name.startsWith("_"));
    expect(await next("")).toEqual(shown);
    expect(await next("conf")).toEqual(["config"]);
    expect(await next("help", "conf")).toEqual(["config"]);
    expect(await next("help", "config", "s")).toEqual(["set"]);
    expect(await next("help", "config", "get", "")).toEqual([]);
    expect(await next("config", "s")).toEqual(["set"]);
  });

  it("is the options of the command, and no other's", async () => {
    const options = await next("config", "--json", "-");
    for (const name of SETTING_NAMES) expect(options).toContain(flagOf(name));
    expect(options).toContain("--help");
    expect(await next("config", "get", "--")).toEqual(["--help"]);
    expect(await next("config", "--log")).toEqual(["--log-level"]);
  });

  it("is nothing twice, and no option that is there already", async () => {
    expect(await next("config", "--json", "--j")).toEqual([]);
    expect(await next("config", "--log-level", "info", "--log")).toEqual([]);
    expect(await next("config", "--log-level=info", "--log")).toEqual([]);
    expect(await next("config", "--json", "get", "--")).toEqual(["--help"]);
    const twice = completing(new Argument("<id>", "a conversation"), () => ["ada", "ada"]);
    const program = new Command("keepwarm").addCommand(new Command("on").addArgument(twice));
    expect(values(await suggest(program, ["on", ""]))).toEqual(["ada"]);
  });

  it("is an option's values, behind it or after =", async () => {
    expect(await next("config", "--log-level", "")).toEqual(["silent", "error", "warn", "info", "debug"]);
    expect(await next("config", "--log-level=d")).toEqual(["--log-level=debug"]);
    expect(await next("config", "--port", "")).toEqual([]);
    expect(await next("config", "--log-level", "info", "g")).toEqual(["get"]);
    expect(await next("config", "--nope=")).toEqual([]);
    expect(await inOther("on", "--for", "")).toEqual(["ada"]);
  });

  it("is a setting, and then its values", async () => {
    expect(await next("config", "set", "ttl")).toEqual(["ttl5m", "ttl1h"]);
    expect(await next("config", "set", "budgetThinking", "")).toEqual(["refuse", "stream-abort"]);
    expect(await next("config", "set", "prices", "")).toBe("files");
    expect(await next("config", "set", "nope", "")).toEqual([]);
  });

  it("is what the newest commands take", async () => {
    expect(await next("sta")).toEqual(["start", "status", "statusline"]);
    expect(await next("watch", "-")).toEqual(["--json", "--help"]);
    expect(await next("statusline", "--")).toEqual(["--conversation", "--format", "--help"]);
    expect(await next("interval", "chat", "")).toEqual(["auto", "4m", "55m"]);
    for (const command of ["on", "off", "interval"]) expect(await next(command, "--st")).toEqual(["--store"]);
  });

  it("is what a command knows, asked at once", async () => {
    expect(await inOther("on", "")).toEqual(["ada", "keepwarm-thread:1"]);
    expect(await inOther("on", "k")).toEqual(["keepwarm-thread:1"]);
    expect(await inOther("off", "")).toEqual([]);
  });

  it("is for the shell to say where another command's words follow", async () => {
    expect(await inOther("run", "--", "")).toBe("commands");
    expect(await inOther("run", "--", "claude", "--for")).toBe("files");
    expect(await inOther("run", "--f")).toEqual(["--for"]);
  });

  it("is nothing where there is nothing", async () => {
    expect(await next("nope", "")).toEqual([]);
    expect(await next("config", "get", "port", "")).toEqual([]);
    expect(await next("config", "--json", "--", "ge")).toEqual([]);
  });
});

describe("what a shell is told", () => {
  it("is one suggestion a line, in the shell's own form", () => {
    const suggestions = [{ value: "a:b", description: "one:\ntwo" }, "c"];
    expect(SHELLS.bash.answer(suggestions, [""])).toBe("a:b\nc\n");
    expect(SHELLS.zsh.answer(suggestions, [""])).toBe("a\\:b:one: two\nc\n");
    expect(SHELLS.fish.answer(suggestions, [""])).toBe("a:b\tone: two\nc\n");
    expect(SHELLS.fish.answer("files", [""])).toBe(":files\n");
  });

  it("never has a line that a client made up", () => {
    for (const { answer } of Object.values(SHELLS)) expect(answer(["a\n:files", "b"], [""])).toBe("b\n");
  });

  it("in bash is what comes behind the last = or :", () => {
    const { words, answer } = SHELLS.bash;
    expect(words(["on", "keepwarm-thread", ":", "1"])).toEqual(["on", "keepwarm-thread:1"]);
    expect(answer(["keepwarm-thread:12"], ["on", "keepwarm-thread", ":", "1"])).toBe("12\n");
    expect(answer(["keepwarm-thread:12"], ["on", "keepwarm-thread", ":"])).toBe("12\n");
    expect(words(["--log-level", "=", ""])).toEqual(["--log-level=", ""]);
  });
});

let bin: string;

beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), "keepwarm-bin-"));
  const command = `#!/bin/sh\nexec "${process.execPath}" "${resolve("src/cli.ts")}" "$@"\n`;
  writeFileSync(join(bin, "keepwarm"), command);
  chmodSync(join(bin, "keepwarm"), 0o755);
  return () => rmSync(bin, { recursive: true });
});

function inShell(shell: string, args: readonly string[]): string {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: bin };
  return execFileSync(shell, args, { env, encoding: "utf8" });
}

function isThere(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

describe("the script for bash", () => {
  function complete(...words: string[]): string[] {
    const script = `
      eval "$(keepwarm completion bash)" && eval "$(keepwarm completion bash)" || exit
      [[ $(complete -p keepwarm) == "complete -F _keepwarm keepwarm" ]] || exit
      COMP_WORDS=(keepwarm "$@"); COMP_CWORD=$#
      _keepwarm keepwarm "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return inShell("bash", ["--norc", "-c", script, "bash", ...words])
      .trimEnd()
      .split("\n");
  }

  it("completes commands, options and values", () => {
    expect(complete("statusl")).toEqual(["statusline"]);
    expect(complete("config", "--max-h")).toEqual(["--max-held-mb"]);
    expect(complete("config", "--log-level", "=", "d")).toEqual(["debug"]);
    expect(complete("config", "set", "budgetThinking", "")).toEqual(["refuse", "stream-abort"]);
  });

  it("completes files, those with a space too", () => {
    const folder = mkdtempSync(join(tmpdir(), "keepwarm-files-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "my prices.json"), "");
    expect(complete("config", "set", "prices", join(folder, "my"))).toEqual([join(folder, "my prices.json")]);
  });

  it("runs nothing that stands on the line", () => {
    const trap = join(bin, "trapped");
    expect(complete(`$(touch ${trap})`, `;touch ${trap}`, "")).toEqual([""]);
    expect(spawnSync("ls", [trap]).status).not.toBe(0);
  });
});

describe("a suggestion in bash", () => {
  it("stands on the line as one word that means nothing else", () => {
    const script = `
      eval "$(keepwarm completion bash)"
      keepwarm() { printf '%s\\n' 'two words' '$(touch x)'; }
      COMP_WORDS=(keepwarm ""); COMP_CWORD=1
      _keepwarm keepwarm "" keepwarm
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(inShell("bash", ["--norc", "-c", script])).toBe("two\\ words\n\\$\\(touch\\ x\\)\n");
  });
});

describe("the script for fish", () => {
  it("asks for the words before the cursor, and hands on what it is told", () => {
    const { script } = SHELLS.fish;
    expect(script).toContain('keepwarm __complete fish -- $words[2..-1] "$current"');
    expect(script).toContain("complete -c keepwarm -f -a '(__keepwarm_complete)'");
    if (!isThere("fish")) return;
    const load = "keepwarm completion fish | source";
    const complete = (line: string) => inShell("fish", ["-c", `${load}; complete -C '${line}'`]);
    expect(complete("keepwarm conf")).toMatch(/^config\tshow every setting/);
    expect(complete("keepwarm config set budgetThinking ").split("\n")).toContain("stream-abort");
    expect(complete("keepwarm statusline --c")).toMatch(/^--conversation\t/);
  });
});

describe("the script for zsh", () => {
  it("asks for the words before the cursor, and hands on what it is told", () => {
    const { script } = SHELLS.zsh;
    expect(script.startsWith("#compdef keepwarm\n")).toBe(true);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: zsh has them too
    expect(script).toContain('keepwarm __complete zsh -- "${(Q@)words[2,CURRENT]}"');
    if (!isThere("zsh")) return;
    const loaded = inShell("zsh", [
      "-f",
      "-c",
      'autoload -U compinit && compinit -u -D && eval "$(keepwarm completion zsh)" && print $_comps[keepwarm]',
    ]);
    expect(loaded).toBe("_keepwarm\n");
  });
});
