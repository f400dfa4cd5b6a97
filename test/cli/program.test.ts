import { type Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/errors.ts";
import { createProgram } from "../../src/cli/program.ts";
import { usageText } from "../../src/cli/usage-text.ts";
import { SETTING_NAMES, SETTINGS, valueText, variableOf } from "../../src/config/index.ts";

function commandsBelow(command: Command): Command[] {
  return command.commands.flatMap((sub) => [sub, ...commandsBelow(sub)]);
}

function wordsOf(command: Command): string[] {
  return command.parent === null ? [] : [...wordsOf(command.parent), command.name()];
}

const paths = commandsBelow(createProgram()).map((command) => wordsOf(command).join(" "));

function commandAt(program: Command, path: string): Command {
  const found = commandsBelow(program).find((command) => wordsOf(command).join(" ") === path);
  if (found === undefined) throw new Error(`there is no command ${path}`);
  return found;
}

/** Runs the program here; its commands must fail, or print help, before they do anything. */
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = createProgram();
  let stdout = "";
  let stderr = "";
  for (const command of [program, ...commandsBelow(program)]) {
    command.configureOutput({
      writeOut: (text) => {
        stdout += text;
      },
      writeErr: (text) => {
        stderr += text;
      },
      getOutHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { code: error.exitCode, stdout, stderr };
    throw error;
  }
  throw new Error("it did something");
}

describe("what other programs have for --version", () => {
  it.each([
    ["-v", "keepwarm has no option -v"],
    ["version", "there is no command version"],
  ])("is told: keepwarm %s", async (word, said) => {
    expect((await run(word)).stderr).toBe(`keepwarm: ${said}. Did you mean keepwarm --version?\n`);
  });
});

describe("keepwarm forget", () => {
  it("says that it wants to be told what", async () => {
    const { stdout } = await run("forget", "--help");
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("left out, --pauses must be given");
  });
});

describe("every command", () => {
  it("is walked by these tests", () => {
    expect(paths).toContain("config set");
    expect(paths).toContain("__complete");
  });

  it.each(paths)("says what it, its arguments and its options are: %s", (path) => {
    const command = commandAt(createProgram(), path);
    const described = [
      command.description(),
      ...command.options.map((option) => option.description),
      ...command.registeredArguments.map((argument) => argument.description),
    ];
    for (const description of described) expect(description).toMatch(/^[a-z].*[^.]$/s);
  });

  it.each(paths)("explains itself: %s", async (path) => {
    const { code, stdout } = await run(...path.split(" "), "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: keepwarm ${path}`);
    if (path !== "__complete") expect(stdout).toMatch(/\nExamples?:\n {2}.*keepwarm /);
  });

  it.each(paths)("knows what a misspelt option was meant to be: %s", async (path) => {
    const { code, stderr } = await run(...path.split(" "), "--hepl");
    expect(code).not.toBe(0);
    expect(stderr).toBe(`keepwarm: ${path} has no option --hepl. Did you mean --help?\n`);
  });
});

describe("keepwarm --help", () => {
  it("shows every command that is for people, and no other", async () => {
    const { stdout } = await run("--help");
    for (const { name } of createProgram().commands.map((command) => ({ name: command.name() }))) {
      if (name.startsWith("_")) expect(stdout).not.toContain(name);
      else expect(stdout).toMatch(new RegExp(`^ {2}${name}[ \n]`, "m"));
    }
  });

  it("explains exit codes and the environment", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /);
    for (const name of ["KEEPWARM_HOME", "KEEPWARM_CONFIG", "NO_COLOR", "FORCE_COLOR"]) {
      expect(stdout).toContain(name);
    }
  });

  it("names a command that a misspelt one was meant to be", async () => {
    const { stderr } = await run("confg");
    expect(stderr).toBe("keepwarm: there is no command confg. Did you mean config?\n");
  });
});

describe("a command line that is wrong", () => {
  it.each([
    [["--nope"], "keepwarm has no option --nope. keepwarm --help shows what there is."],
    [["zzzzzz"], "there is no command zzzzzz. keepwarm --help shows what there is."],
    [["interval", "a"], "interval needs a <duration>. keepwarm interval --help shows what there is."],
    [
      ["off", "a", "b"],
      "off takes one argument and no more (a, b). keepwarm off --help shows what there is.",
    ],
    [["stop", "it"], "stop takes no arguments (it). keepwarm stop --help shows what there is."],
    [["report", "--since"], "--since needs a value. keepwarm report --help shows what there is."],
    [
      ["interval", "a", "5ms"],
      '<duration> must be a second or more, not "5ms". keepwarm interval --help shows what there is.',
    ],
    [
      ["completion", "csh"],
      '<shell> must be bash, zsh or fish, not "csh". keepwarm completion --help shows what there is.',
    ],
    [
      ["demo", "--ttl-5m", "1ms"],
      '--ttl-5m must be between 500ms and 60s for the demo, not "1ms". keepwarm demo --help shows what there is.',
    ],
  ])("is told what is wrong and what to do, in a sentence: keepwarm %j", async (args, sentence) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: `keepwarm: ${sentence}\n` });
    expect(code).not.toBe(0);
  });

  it("keeps what commander says where that is new to it", () => {
    expect(usageText("error: something else.\n", "keepwarm on")).toBe(
      "something else. keepwarm on --help shows what there is.",
    );
  });
});

describe("keepwarm help", () => {
  it("prints the help of any command, its own too", async () => {
    for (const path of [...paths, ""]) {
      const usage = `Usage: keepwarm${path === "" ? "" : ` ${path}`}`;
      expect(await helpOf(...path.split(" ").filter(Boolean))).toContain(usage);
    }
    expect(await run("help", "--help")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Usage: keepwarm help"),
      stderr: "",
    });
  });

  it("names a command that a misspelt one was meant to be", async () => {
    await expect(helpOf("stats")).rejects.toThrow("there is no command stats. Did you mean status?");
    await expect(helpOf("config", "sett")).rejects.toThrow(
      "there is no command config sett. Did you mean set?",
    );
    await expect(helpOf("status", "all")).rejects.toThrow(UsageError);
  });
});

/** What `keepwarm help` prints. */
async function helpOf(...words: string[]): Promise<string> {
  const program = createProgram();
  let stdout = "";
  for (const command of [program, ...commandsBelow(program)]) {
    command.configureOutput({
      writeOut: (text) => {
        stdout += text;
      },
    });
  }
  await program.parseAsync(["help", ...words], { from: "user" });
  return stdout;
}

describe("a flag for a setting", () => {
  it("is shown with its description, its default, its environment variable and its values", async () => {
    const { stdout } = await run("config", "--help");
    const text = stdout.replace(/\s+/g, " ");
    for (const name of SETTING_NAMES) {
      const { description, default: value, kind } = SETTINGS[name];
      const [, shown = ""] = text.split(`${description} (`);
      const told = shown.slice(0, shown.indexOf(")"));
      expect(told).toContain(`env: ${variableOf(name)}`);
      if (value !== undefined) expect(told).toContain(`default: ${valueText(name, value)}`);
      if (kind.placeholder !== null) for (const choice of kind.choices) expect(text).toContain(choice);
    }
    expect(stdout).toContain("--[no-]enable-new ");
    expect(stdout).not.toContain("--no-enable-new");
  });
});
