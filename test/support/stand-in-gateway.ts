/**
 * What `keepwarm start` looks like from outside, as a process: a control API that can be found, and a
 * gateway port that answers with the path it was asked for. What happens is noted in `happened.log`.
 */
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createControlServer } from "../../src/console/index.ts";
import { controlToken, publish } from "../../src/hub/index.ts";
import { stateDirectory } from "../../src/storage/index.ts";
import { controlledInMemory } from "./controlled-in-memory.ts";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    "until-idle": { type: "boolean" },
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: process.env.KEEPWARM_PORT ?? "0" },
    upstream: { type: "string", default: "https://api.anthropic.com" },
    "enable-new": { type: "boolean", default: false },
  },
});

const directory = stateDirectory();
const note = (line: string) => appendFileSync(join(directory, "happened.log"), `${line}\n`);
note(`started ${process.pid} ${process.argv.slice(2).join(" ")} key ${process.env.ANTHROPIC_API_KEY ?? "-"}`);

const gateway = createServer((request, response) => response.end(request.url));
gateway.once("error", () => {
  console.error(`keepwarm: port ${values.port} is taken: choose another with --port`);
  process.exit(1);
});
await new Promise<void>((resolve) => gateway.listen(Number(values.port), values.host, resolve));
const gatewayUrl = `http://${values.host}:${(gateway.address() as AddressInfo).port}`;

const controlled = controlledInMemory();
const info = controlled.info;
const attachRun = controlled.attachRun;
const control = createControlServer({
  token: await controlToken(directory),
  onError: (error) => console.error(error),
  controlled: {
    ...controlled,
    info: () => ({
      ...info(),
      pid: process.pid,
      gatewayUrl,
      upstream: values.upstream,
      enableNew: values["enable-new"],
      flags: ["--upstream", values.upstream, ...(values["enable-new"] ? ["--enable-new"] : [])],
    }),
    attachRun(run) {
      const { detach } = attachRun(run);
      note(`attached ${run.command} upstream ${run.upstream ?? "-"} enableNew ${run.enableNew}`);
      return {
        baseUrl: `${gatewayUrl}/~keepwarm/run/${run.runId}`,
        detach() {
          note(`detached ${run.command}`);
          detach();
        },
      };
    },
    stop,
  },
});
const { url: controlUrl } = await control.listen(0);
const record = { pid: process.pid, gatewayUrl, controlUrl, startedAt: Date.now(), version: "0.1.0" };
const publication = await publish(directory, record);
process.once("SIGTERM", stop);

function stop(): void {
  void publication.withdraw().then(async () => {
    await control.close();
    process.exit();
  });
}
