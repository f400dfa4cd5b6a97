/** `keepwarm run` over the stand-in gateway; its arguments are those of `keepwarm run`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { endAs, run } from "../../src/cli/run/index.ts";
import { stateDirectory } from "../../src/storage/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { enable: { type: "boolean", default: false }, upstream: { type: "string" } },
});
const [command = "", ...args] = positionals;
const warn = (sentence: string) => console.error(`keepwarm: ${sentence}`);
try {
  endAs(
    await run({
      command,
      args,
      env: process.env,
      directory: process.cwd(),
      stateDirectory: stateDirectory(),
      gatewayCommand: {
        file: process.execPath,
        args: [resolve("test/support/stand-in-gateway.ts"), "start", "--until-idle"],
      },
      enable: values.enable,
      say: warn,
      warn,
      ...(values.upstream === undefined ? {} : { upstream: values.upstream }),
    }),
  );
} catch (error) {
  warn((error as Error).message);
  process.exitCode = (error as { exitCode?: number }).exitCode ?? 1;
}
