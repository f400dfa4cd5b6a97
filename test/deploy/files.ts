/** The files by which a fleet is deployed, read as those who take them read them. */
import { readdirSync, readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import * as z from "zod";

/** Every document of a file. @throws what is not YAML */
export function documentsOf(file: string): unknown[] {
  return parseAllDocuments(readFileSync(file, "utf8"), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

export const COMPOSE = documentsOf("compose.yaml")[0];

const words = z.union([z.string(), z.array(z.string())]);

export const compose = z
  .object({
    services: z.record(
      z.string(),
      z.object({
        image: z.string().optional(),
        command: words.optional(),
        entrypoint: words.optional(),
        environment: z.record(z.string(), z.coerce.string()).default({}),
        secrets: z.array(z.string()).default([]),
        ports: z.array(z.string()).default([]),
        stop_grace_period: z.string().optional(),
        deploy: z.object({ replicas: z.number() }).optional(),
        healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      }),
    ),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
  })
  .parse(COMPOSE);

/** As Compose puts variables in: those that must be set get a value, others their default. */
export function filledIn(text: string): string {
  return text.replace(/\$\{\w+(?::\?[^}]*|:-([^}]*))\}/g, (_, fallback?: string) => fallback ?? "secret");
}

const FOLDER = "deploy/kubernetes";

export const MANIFESTS: readonly unknown[] = readdirSync(FOLDER).flatMap((file) =>
  documentsOf(`${FOLDER}/${file}`),
);

const probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }).optional(),
  tcpSocket: z.object({ port: z.string() }).optional(),
  exec: z.object({ command: z.array(z.string()) }).optional(),
});

const container = z.object({
  args: z.array(z.string()),
  env: z.array(
    z.object({
      name: z.string(),
      value: z.string().optional(),
      valueFrom: z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) }).optional(),
    }),
  ),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  startupProbe: probe.optional(),
  readinessProbe: probe,
  livenessProbe: probe,
});
export type Container = z.infer<typeof container>;

const labels = z.record(z.string(), z.string());

const workload = z.object({
  kind: z.enum(["Deployment", "StatefulSet"]),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.object({ matchLabels: labels }),
    template: z.object({
      metadata: z.object({ labels, annotations: labels.optional() }),
      spec: z.object({ terminationGracePeriodSeconds: z.number(), containers: z.tuple([container]) }),
    }),
  }),
});

/** What runs containers, by its name. */
export function workloadOf(name: string): z.infer<typeof workload> {
  const found = MANIFESTS.flatMap((one) => workload.safeParse(one).data ?? []).find(
    ({ metadata }) => metadata.name === name,
  );
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}
