/** The real Claude Code with keepwarm's mod installed in it, as its person would. */
import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { buildHost, folderOf, HOST_BUNDLES } from "../../../scripts/host-bundles.ts";
import { CLAUDE } from "./claude-code.ts";
import { KEEPWARM } from "./keepwarm.ts";

export async function buildMod(): Promise<void> {
  for (const bundle of HOST_BUNDLES) if (bundle.host === "claude-code") await buildHost(bundle);
}

export const MOD = resolve(folderOf({ host: "claude-code", part: "mod" }));

/** The mod, but that where it is told this, it throws. Returns its folder. */
export function faultyMod(told: string, home: string): string {
  const folder = join(home, `faulty-${told}`);
  cpSync(MOD, folder, { recursive: true });
  const file = join(folder, "hooks", "register.js");
  const text = readFileSync(file, "utf8");
  const faulty = text.replaceAll(`.${told}(`, ".outOfOrder(");
  if (faulty === text) throw new Error(`it is never told ${told}`);
  writeFileSync(file, faulty);
  return folder;
}

/** Rejects where Claude Code would not load it: it reads a mod before it runs it. */
export async function validate(folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)(CLAUDE, ["plugin", "validate", folder], { env });
}

/** Resolves with what its person is told. */
export async function installMod(env: Readonly<Record<string, string>>, word = "install"): Promise<string> {
  const [node, cli] = KEEPWARM;
  const path = `${dirname(CLAUDE)}:${env.PATH}`;
  const { stdout } = await promisify(execFile)(node, [cli, word, "claude-code"], {
    env: { ...env, PATH: path },
  });
  return stdout;
}
