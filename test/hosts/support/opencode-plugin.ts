/** The real OpenCode with keepwarm installed in it, as its person would. */
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { buildHost, HOST_BUNDLES } from "../../../scripts/host-bundles.ts";
import { eventOf, toldIn } from "../../../src/hosts/opencode/words.ts";
import { KEEPWARM } from "./keepwarm.ts";
import { OPENCODE, type OpenCodeServer } from "./opencode.ts";
import type { Owner } from "./process.ts";

export async function buildPlugin(): Promise<void> {
  const bundle = HOST_BUNDLES.find(({ host }) => host === "opencode");
  if (bundle === undefined) throw new Error("there is no bundle for OpenCode");
  await buildHost(bundle);
}

/** Resolves with what its person is told. */
export async function installPlugin(env: Readonly<Record<string, string>>): Promise<string> {
  const [node, cli] = KEEPWARM;
  const path = `${dirname(OPENCODE)}:${env.PATH}`;
  const { stdout } = await promisify(execFile)(node, [cli, "install", "opencode"], {
    env: { ...env, PATH: path },
  });
  return stdout;
}

export interface Terminal {
  /** Says what stands behind `/warm`, as the terminal's half of the plugin does. Resolves with the answer. */
  warm(session: string, text: string): Promise<string>;
}

/** A terminal of the server, without a screen. */
export async function terminalOf({ url, post }: OpenCodeServer, test: Owner): Promise<Terminal> {
  const listening = new AbortController();
  test.onTestFinished(() => listening.abort());
  const { body } = await fetch(`${url}/event`, { signal: listening.signal });
  const answers = new Map<string, (text: string) => void>();
  let connected = () => {};
  const isHeard = new Promise<void>((resolve) => {
    connected = resolve;
  });
  void (async () => {
    let rest = "";
    for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) hear(line);
      // Its first words are that it is connected.
      if (lines.length > 0) connected();
    }
  })().catch(() => {});
  await isHeard;

  function hear(line: string): void {
    if (!line.startsWith("data: ")) return;
    const words = toldIn(JSON.parse(line.slice("data: ".length)));
    if (words?.kind === "answer") answers.get(words.id)?.(words.text);
  }

  return {
    warm: async (session, text) => {
      const id = crypto.randomUUID();
      const answered = new Promise<string>((resolve) => answers.set(id, resolve));
      await post("/tui/publish", eventOf({ kind: "do", session, text, id }));
      return answered;
    },
  };
}
