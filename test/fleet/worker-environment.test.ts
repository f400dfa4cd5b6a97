import { mkdtempSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { unknownVariables } from "../../src/config/index.ts";
import { serveHealth } from "../../src/fleet/health-server.ts";
import {
  demandPeers,
  FLEET_VARIABLES,
  keyringOf,
  newFleetKey,
  WorkerEnvironmentError,
  workerEnvironment,
} from "../../src/fleet/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

const DATABASE_URL = "postgres://keepwarm:secret@localhost/keepwarm";

describe("a worker's environment", () => {
  it("needs only its database", () => {
    expect(workerEnvironment({ DATABASE_URL })).toEqual({
      databaseUrl: DATABASE_URL,
      backend: undefined,
      concurrency: 4,
      pollMs: 5_000,
      heartbeatMs: 30_000,
      staleSeconds: 120,
      healthPort: 8081,
      maxRetries: 3,
      artifactFolder: undefined,
      loaders: undefined,
    });
  });

  it("says of every variable what it must be, and no value", () => {
    const wrong = {
      DATABASE_URL: "mysql://keepwarm:secret@localhost",
      KEEPWARM_WORKER_CONCURRENCY: "0",
      KEEPWARM_WORKER_POLL_INTERVAL_SECS: "soon",
      KEEPWARM_WORKER_HEALTH_PORT: "70000",
      KEEPWARM_FLEET_BACKEND: "oracle",
    };
    expect(() => workerEnvironment(wrong)).toThrow(
      [
        "DATABASE_URL must be set to a postgres:// URL, such as postgres://keepwarm@localhost/keepwarm",
        "KEEPWARM_FLEET_BACKEND must be postgres or cockroachdb",
        "KEEPWARM_WORKER_CONCURRENCY must be a whole number from 1 to 1000",
        "KEEPWARM_WORKER_POLL_INTERVAL_SECS must be a number from 0.5 to 3600 seconds",
        "KEEPWARM_WORKER_HEALTH_PORT must be a whole number from 0 to 65535",
      ].join("\n"),
    );
  });

  it("leaves a worker that is alive its jobs", () => {
    const env = {
      DATABASE_URL,
      KEEPWARM_WORKER_HEARTBEAT_SECS: "60",
      KEEPWARM_WORKER_STALE_THRESHOLD_SECS: "100",
    };
    expect(() => workerEnvironment(env)).toThrow(/at least twice KEEPWARM_WORKER_HEARTBEAT_SECS/);
  });

  it("may have its keys in a file", () => {
    const file = join(mkdtempSync(join(tmpdir(), "keepwarm-")), "fleet.key");
    writeFileSync(file, `${newFleetKey()}\n${newFleetKey()}\n`);
    expect(keyringOf({ KEEPWARM_FLEET_KEY_FILE: file }).ids).toHaveLength(2);
    expect(() => keyringOf({ KEEPWARM_FLEET_KEY_FILE: `${file}.not` })).toThrow(/cannot be read \(ENOENT\)/);
    expect(() => keyringOf({})).toThrow(/KEEPWARM_FLEET_KEY must be set/);
  });

  it("is known to a gateway, which says what it does not know", () => {
    expect(unknownVariables(Object.fromEntries(FLEET_VARIABLES.map((name) => [name, "1"])))).toEqual([]);
  });
});

describe("the fleet's packages", () => {
  it("are asked for by name where they are missing", () => {
    expect(() => demandPeers(["pg-boss", "pg"], () => false)).toThrow(
      /^the fleet needs packages that are not part of keepwarm: .*npm install pg-boss@12\.35\.0 pg@8$/,
    );
    expect(() => demandPeers(["pg-boss", "pg"])).not.toThrow();
  });
});

describe("keepwarm worker", () => {
  it("ends with 2 and a line for each variable that is wrong", async () => {
    const { code, stderr } = await keepwarm(["worker"], {
      DATABASE_URL: "",
      KEEPWARM_WORKER_MAX_RETRIES: "many",
    });
    expect(code).toBe(2);
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      "keepwarm: DATABASE_URL must be set to a postgres:// URL, such as postgres://keepwarm@localhost/keepwarm",
      "keepwarm: KEEPWARM_WORKER_MAX_RETRIES must be a whole number from 0 to 20",
    ]);
  });

  it("ends with 2 without a key, and with 1 when the database is not there", async () => {
    const env = {
      DATABASE_URL: "postgres://keepwarm:secret@127.0.0.1:1/none",
      KEEPWARM_WORKER_HEALTH_PORT: "0",
    };
    expect((await keepwarm(["worker"], env)).code).toBe(2);
    const secrets = { KEEPWARM_FLEET_KEY: newFleetKey(), KEEPWARM_FLEET_API_KEY: "sk-ant-api03-a" };
    const { code, stderr } = await keepwarm(["worker"], { ...env, ...secrets });
    expect(code).toBe(1);
    expect(stderr).toContain("the database of DATABASE_URL cannot be used (ECONNREFUSED)");
    expect(stderr).not.toContain("secret");
  });
});

describe("what a worker's environment lacks", () => {
  it("is said at once, a line each, and so is what it has that nothing reads", async () => {
    const { code, stderr } = await keepwarm(["worker"], {
      DATABASE_URL: "",
      KEEPWARM_FLEET_KEY: "short",
      KEEPWARM_WORKER_CONCURENCY: "8",
    });
    expect(code).toBe(2);
    const lines = stderr.trim().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(
        /^keepwarm: KEEPWARM_WORKER_CONCURENCY is no setting.*KEEPWARM_WORKER_CONCURRENCY/,
      ),
      expect.stringContaining("keepwarm: DATABASE_URL must be set"),
      expect.stringContaining("keepwarm: KEEPWARM_FLEET_KEY cannot be used"),
      expect.stringContaining("keepwarm: KEEPWARM_FLEET_API_KEY must be set"),
    ]);
  });
});

describe("what a worker's environment names", () => {
  it("is said with its variable where it cannot be had: a module of loaders", async () => {
    const { code, stderr } = await keepwarm(["worker"], {
      DATABASE_URL: "postgres://keepwarm@127.0.0.1:1/none",
      KEEPWARM_FLEET_KEY: newFleetKey(),
      KEEPWARM_FLEET_API_KEY: "sk-ant-api03-a",
      KEEPWARM_FLEET_LOADERS: "/nowhere/loaders.mjs",
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keepwarm: KEEPWARM_FLEET_LOADERS names a module that cannot be loaded: /);
  });

  it("is said with its variable where it cannot be had: a port", async () => {
    const holder = createServer();
    await new Promise<void>((listening) => holder.listen(0, listening));
    onTestFinished(() => void holder.close());
    const { port } = holder.address() as AddressInfo;
    const asked = serveHealth({
      port,
      database: { query: async () => [] },
      metrics: { contentType: "text/plain", text: async () => "" },
      worker: () => null,
    });
    await expect(asked).rejects.toThrow(
      `KEEPWARM_WORKER_HEALTH_PORT is taken on this machine: ${port}; choose another`,
    );
    await expect(asked).rejects.toBeInstanceOf(WorkerEnvironmentError);
  });
});

describe("keepwarm start --fleet", () => {
  it("ends with 2 without a key", async () => {
    const { code, stderr } = await keepwarm(["start", "--fleet", "--port", "0", "--console-port", "0"], {
      KEEPWARM_HOME: aStateDirectory(),
      DATABASE_URL: "",
    });
    expect(code).toBe(2);
    expect(stderr).toContain("KEEPWARM_FLEET_KEY must be set");
    // The worker is inside it.
    expect(stderr).toContain("KEEPWARM_FLEET_API_KEY must be set");
  });
});

describe("keepwarm fleet", () => {
  it("needs to be told where the fleet is", async () => {
    const { code, stderr } = await keepwarm(["fleet", "status"], { DATABASE_URL: "" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^keepwarm: DATABASE_URL must name the fleet's database/);
  });

  it("makes keys", async () => {
    const { stdout } = await keepwarm(["fleet", "key"]);
    expect(keyringOf({ KEEPWARM_FLEET_KEY: stdout }).ids).toHaveLength(1);
  });
});
