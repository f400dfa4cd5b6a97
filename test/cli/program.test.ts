import { type Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
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
    expect(stderr).toBe(
      `keepwarm: unknown option '--hepl'\n(Did you mean --help?)\nRun keepwarm ${path} --help for what there is.\n`,
    );
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
    expect(stderr).toBe(
      "keepwarm: unknown command 'confg'\n(Did you mean config?)\nRun keepwarm --help for what there is.\n",
    );
  });
});

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
