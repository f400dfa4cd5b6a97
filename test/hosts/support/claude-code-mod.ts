/** The real Claude Code with keepwarm's mod installed in it, as its person would. */
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { buildHost, HOST_BUNDLES } from "../../../scripts/host-bundles.ts";
import { CLAUDE } from "./claude-code.ts";
import { KEEPWARM } from "./keepwarm.ts";

export async function buildMod(): Promise<void> {
  for (const bundle of HOST_BUNDLES) if (bundle.host === "claude-code") await buildHost(bundle);
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
