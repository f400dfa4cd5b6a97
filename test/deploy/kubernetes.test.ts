import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { validate as isDeployment } from "kubernetes-models/_schemas/IoK8sApiAppsV1Deployment";
import { validate as isStatefulSet } from "kubernetes-models/_schemas/IoK8sApiAppsV1StatefulSet";
import { validate as isAutoscaler } from "kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler";
import { validate as isService } from "kubernetes-models/_schemas/IoK8sApiCoreV1Service";
import { validate as isBudget } from "kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { unknownVariables } from "../../src/config/index.ts";
import { workerEnvironment } from "../../src/fleet/index.ts";
import { createMetrics } from "../../src/fleet/metrics.ts";
import { type Container, documentsOf, MANIFESTS, workloadOf } from "./files.ts";

const typed = z.looseObject({ apiVersion: z.string(), kind: z.string() });

/** By API version and kind. */
const SCHEMAS = new Map([
  ["apps/v1 Deployment", isDeployment],
  ["apps/v1 StatefulSet", isStatefulSet],
  ["autoscaling/v2 HorizontalPodAutoscaler", isAutoscaler],
  ["policy/v1 PodDisruptionBudget", isBudget],
  ["v1 Service", isService],
]);

function nameOf(manifest: unknown): string {
  const { apiVersion, kind } = typed.parse(manifest);
  return `${apiVersion} ${kind}`;
}

/** What the compiler has against them: the models' types know which fields there are, their schemas do not mind others. */
function misfits(manifests: readonly unknown[]): string {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-manifests-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "manifests.ts");
  const models = resolve("node_modules/kubernetes-models");
  const lines = manifests.map((manifest) => {
    const [apiVersion = "", kind = ""] = nameOf(manifest).split(" ");
    const type = `import(${JSON.stringify(join(models, apiVersion, `${kind}.js`))}).I${kind}`;
    return `(${JSON.stringify(manifest)}) satisfies ${type};`;
  });
  writeFileSync(file, lines.join("\n"));
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--pretty", "false"];
  try {
    execFileSync(process.execPath, [resolve("node_modules/typescript/bin/tsc"), ...flags, file], {
      cwd: folder,
    });
    return "";
  } catch (error) {
    return String((error as { readonly stdout?: Buffer }).stdout);
  }
}

const SECRET_VALUES: Record<string, string> = { "database-url": "postgres://keepwarm@db/keepwarm" };

function environmentOf({ env }: Container): Record<string, string> {
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? SECRET_VALUES[valueFrom?.secretKeyRef.key ?? ""] ?? "secret",
    ]),
  );
}

const worker = workloadOf("keepwarm-worker");
const gateway = workloadOf("keepwarm-gateway");
const [workerContainer] = worker.spec.template.spec.containers;
const [gatewayContainer] = gateway.spec.template.spec.containers;

it("are what Kubernetes allows", () => {
  expect(MANIFESTS.map(nameOf).toSorted()).toEqual([...SCHEMAS.keys()]);
  for (const manifest of MANIFESTS) {
    const name = nameOf(manifest);
    expect([name, SCHEMAS.get(name)?.(manifest)]).toEqual([name, true]);
  }
  expect(isDeployment({ apiVersion: "apps/v1", kind: "Deployment", spec: { template: {} } })).toBe(false);
});

it("have no field that Kubernetes does not know", { timeout: 60_000 }, () => {
  expect(misfits(MANIFESTS)).toBe("");
  const misspelt = { apiVersion: "v1", kind: "Service", spec: { sessionAfinity: "ClientIP" } };
  expect(misfits([misspelt])).toContain("sessionAfinity");
});

describe("a worker", () => {
  it("understands all that it is told", () => {
    const env = environmentOf(workerContainer);
    expect(unknownVariables(env)).toEqual([]);
    expect(workerEnvironment(env)).toMatchObject({ concurrency: 4, healthPort: 8081 });
  });

  it("is asked where it answers, and not ended because the database is away for a while", () => {
    const [{ containerPort }] = z
      .tuple([z.object({ containerPort: z.number() })])
      .parse(workerContainer.ports);
    expect(containerPort).toBe(workerEnvironment(environmentOf(workerContainer)).healthPort);
    const { startupProbe, readinessProbe, livenessProbe } = workerContainer;
    expect([startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: "/ready", port: "health" },
      { path: "/ready", port: "health" },
      { path: "/health", port: "health" },
    ]);
    const patience = z.object({ periodSeconds: z.number(), failureThreshold: z.number() });
    const raw = z
      .object({
        spec: z.object({
          template: z.object({
            spec: z.object({ containers: z.tuple([z.object({ livenessProbe: patience })]) }),
          }),
        }),
      })
      .parse(MANIFESTS.find((one) => typed.parse(one).kind === "Deployment"));
    const { periodSeconds, failureThreshold } = raw.spec.template.spec.containers[0].livenessProbe;
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(600);
  });

  it("has longer to end than its jobs do", () => {
    expect(worker.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(25);
  });
});

describe("a gateway", () => {
  it("understands all that it is told, and has no key to send with", () => {
    const env = environmentOf(gatewayContainer);
    expect(unknownVariables(env)).toEqual([]);
    expect(Object.keys(env)).not.toContain("KEEPWARM_FLEET_API_KEY");
    expect(gatewayContainer.args).toEqual(expect.arrayContaining(["start", "--fleet"]));
  });
});

it("name the same pods everywhere", () => {
  for (const { spec } of [worker, gateway]) {
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
  }
  const selecting = MANIFESTS.filter((one) =>
    ["Service", "PodDisruptionBudget"].includes(typed.parse(one).kind),
  ).map((one) => {
    const { spec } = z.object({ spec: z.object({ selector: z.record(z.string(), z.unknown()) }) }).parse(one);
    return spec.selector.matchLabels ?? spec.selector;
  });
  expect(selecting).toEqual([gateway, worker].map(({ spec }) => spec.selector.matchLabels));
});

describe("the autoscaler", () => {
  const { spec } = z
    .object({
      spec: z.object({
        scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
        metrics: z.tuple([
          z.object({
            type: z.literal("External"),
            external: z.object({
              metric: z.object({ name: z.string() }),
              target: z.object({ type: z.literal("AverageValue"), averageValue: z.coerce.number() }),
            }),
          }),
        ]),
      }),
    })
    .parse(MANIFESTS.find((one) => typed.parse(one).kind === "HorizontalPodAutoscaler"));
  const [{ external }] = spec.metrics;

  it("scales the workers, to less than all of their slots", () => {
    expect(spec.scaleTargetRef).toMatchObject({ kind: worker.kind, name: worker.metadata.name });
    const { concurrency } = workerEnvironment(environmentOf(workerContainer));
    expect(external.target.averageValue).toBeLessThan(concurrency);
  });

  it("goes by the queue that workers tell of", async () => {
    const rule = z.object({
      seriesQuery: z.string(),
      name: z.object({ as: z.string() }),
      metricsQuery: z.string(),
    });
    const { rules } = z
      .object({ rules: z.object({ external: z.tuple([rule]) }) })
      .parse(documentsOf("deploy/prometheus-adapter.yaml")[0]);
    const [{ name, seriesQuery, metricsQuery }] = rules.external;
    expect(name.as).toBe(external.metric.name);
    const metrics = await createMetrics();
    const told = await metrics.text({
      active: 3,
      depth: { queued: 20, due: 2, inProgress: 3 },
    });
    for (const query of [seriesQuery, metricsQuery]) expect(query).toContain("keepwarm_queue_depth{");
    const states = /state=~"([^"]+)"/.exec(metricsQuery)?.[1]?.split("|") ?? [];
    expect(states).toEqual(["due", "in_progress"]);
    for (const [index, state] of states.entries()) {
      expect(told).toContain(`keepwarm_queue_depth{state="${state}"} ${[2, 3][index]}`);
    }
  });
});
