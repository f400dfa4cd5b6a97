/** The control API's routes. Whoever gets here has shown the token. */
import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import * as z from "zod";
import type {
  ChangeAnswer,
  CompareAnswer,
  ConversationView,
  HealthView,
  HistoryAnswer,
  OutlookView,
  PrewarmAnswer,
  ReportAnswer,
  SettingChanged,
  SettingsAnswer,
  StatusAnswer,
  WarmAnswer,
} from "../hub/index.ts";
import { KEEP_WARM_FORMS, parseKeepWarm } from "../policy/index.ts";
import { MIN_INTERVAL_MS, UNNAMED_PREFIX } from "../pure.ts";
import { bodyOf } from "./body.ts";
import { type Controlled, Refused } from "./controlled.ts";
import { streamEvents } from "./event-stream.ts";
import type { Feed } from "./feed.ts";
import { addFleetRoutes } from "./fleet-routes.ts";
import { holdOpen } from "./hold-open.ts";

export interface RouteOptions {
  readonly controlled: Controlled;
  readonly feed: Feed;
  /** Told what went wrong inside; the asker is not. */
  readonly onError: (error: unknown) => void;
  readonly heartbeatMs: number;
}

/** A day, in ms: no cache entry lives longer. */
const MAX_INTERVAL_MS = 86_400_000;

const intervalBody = z.object({
  intervalMs: z.number().min(MIN_INTERVAL_MS).max(MAX_INTERVAL_MS).nullable(),
});

const sinceQuery = z.coerce.number().int().min(0).max(8.64e15).optional();

const keepWarmBody = z.object({
  keepWarm: z
    .string()
    .refine((text) => parseKeepWarm(text) !== null, KEEP_WARM_FORMS)
    .nullable(),
});

const actionBody = z.object({ actionId: z.string().min(1).max(200), payload: z.unknown().optional() });

const settingBody = z.object({
  name: z.string().min(1).max(100),
  value: z.union([z.string().max(4_096), z.number(), z.boolean()]).nullable(),
});

/** As large as a request may be, in JSON inside of JSON. */
const MAX_COMPARED_BYTES = 67_108_864;

const compareBody = z.object({
  request: z.string().min(2),
  betas: z.array(z.string().max(200)).max(100).default([]),
});

const runBody = z.object({
  runId: z
    .string()
    .regex(/^[\w-]{1,64}$/, "letters, digits, - and _, at most 64 of them")
    .optional(),
  pid: z.int().positive(),
  command: z.string().min(1).max(1_000),
  cwd: z.string().min(1).max(4_096).optional(),
  upstream: z.url({ protocol: /^https?$/ }).optional(),
  enableNew: z.boolean().optional(),
});

export function createRoutes({ controlled, feed, onError, heartbeatMs }: RouteOptions) {
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.onError((error, c) => {
    if (error instanceof Refused) return c.json({ error: error.message }, error.status);
    onError(error);
    return c.json({ error: "The gateway could not do this; its log says why." }, 500);
  });
  app.notFound((c) => c.json({ error: `There is no ${c.req.method} of this path.` }, 404));
  app.get("/v1/status", (c) =>
    c.json<StatusAnswer>({ gateway: controlled.info(), conversations: controlled.conversations() }),
  );

  app.get("/v1/events", (c) => streamEvents(c, feed, heartbeatMs));

  app.get("/v1/health", (c) => c.json<HealthView>(feed.health()));

  app.get("/v1/conversations/:id", (c) => {
    const id = c.req.param("id");
    const conversation = controlled.conversation(id);
    if (conversation === null) throw notOpen(id);
    return c.json({ conversation });
  });

  app.get("/v1/conversations/:id/history", async (c) => {
    const id = c.req.param("id");
    const history = await controlled.history(id);
    if (history === null) throw new Refused(404, `Nothing is known of a conversation ${id}.`);
    return c.json<HistoryAnswer>(history);
  });

  app.get("/v1/conversations/:id/outlook", async (c) => {
    const id = c.req.param("id");
    const outlook = await controlled.outlook(id);
    if (outlook === null) throw notOpen(id);
    return c.json<OutlookView>(outlook);
  });

  app.get("/v1/settings", (c) => c.json<SettingsAnswer>(controlled.settings()));

  app.post("/v1/settings", async (c) =>
    c.json<SettingChanged>(controlled.changeSetting(await bodyOf(c.env.incoming, settingBody))),
  );

  app.get("/v1/prewarm", (c) => c.json<PrewarmAnswer>(controlled.prewarm()));

  app.post("/v1/prewarm/compare", async (c) =>
    c.json<CompareAnswer>(
      await controlled.comparePrewarm(await bodyOf(c.env.incoming, compareBody, MAX_COMPARED_BYTES)),
    ),
  );

  app.get("/v1/report", async (c) => {
    const since = sinceQuery.safeParse(c.req.query("since"));
    if (!since.success) throw new Refused(400, "since must be a time in ms since 1970.");
    return c.json<ReportAnswer>(await controlled.report(since.data));
  });

  for (const [action, enabled] of [
    ["on", true],
    ["off", false],
  ] as const) {
    app.post(`/v1/conversations/:id/${action}`, async (c) => {
      const id = refuseGoneForGood(controlled, c.req.param("id"));
      return c.json(changed(id, await controlled.setEnabled(id, enabled)));
    });
  }

  app.post("/v1/conversations/:id/interval", async (c) => {
    const { intervalMs } = await bodyOf(c.env.incoming, intervalBody);
    const id = refuseGoneForGood(controlled, c.req.param("id"));
    return c.json(changed(id, await controlled.setIntervalMs(id, intervalMs)));
  });

  app.post("/v1/conversations/:id/keep-warm", async (c) => {
    const { keepWarm } = await bodyOf(c.env.incoming, keepWarmBody);
    const id = refuseGoneForGood(controlled, c.req.param("id"));
    return c.json(changed(id, await controlled.setKeepWarm(id, keepWarm)));
  });

  app.post("/v1/conversations/:id/action", async (c) => {
    const { actionId, payload } = await bodyOf(c.env.incoming, actionBody);
    const id = c.req.param("id");
    const conversation = await controlled.act(id, actionId, payload);
    if (conversation === null) throw notOpen(id);
    return c.json(changed(id, conversation));
  });

  app.post("/v1/conversations/:id/close", async (c) => {
    const id = c.req.param("id");
    if (!(await controlled.close(id))) throw notOpen(id);
    return c.json<ChangeAnswer>({ conversation: null, note: null });
  });

  app.post("/v1/conversations/:id/warm", async (c) => {
    const id = c.req.param("id");
    const answer = await controlled.warmNow(id);
    if (answer === null) throw notOpen(id);
    return c.json<WarmAnswer>({ ...answer, conversation: controlled.conversation(id) });
  });

  app.post("/v1/conversations/:id/forget", async (c) => {
    const id = c.req.param("id");
    if (!(await controlled.forget(id))) throw new Refused(404, `Nothing is known of a conversation ${id}.`);
    return c.json({ forgotten: true });
  });

  app.post("/v1/forget-pauses", async (c) => {
    await controlled.forgetPauses();
    return c.json({ forgotten: true });
  });

  app.post("/v1/runs", async (c) => {
    const {
      runId = randomUUID(),
      upstream,
      cwd,
      enableNew = false,
      ...run
    } = await bodyOf(c.env.incoming, runBody);
    // Gone while its body was read: there is nothing to attach.
    if (c.env.outgoing.destroyed) return c.body(null, 204);
    const { gatewayUrl } = controlled.info();
    // From here to its end nothing may throw, or the run would stay attached.
    const attached = controlled.attachRun({
      ...run,
      runId,
      enableNew,
      ...(upstream === undefined ? {} : { upstream }),
      ...(cwd === undefined ? {} : { cwd }),
    });
    return holdOpen(c, {
      firstLine: JSON.stringify({ runId, gatewayUrl, baseUrl: attached.baseUrl }),
      heartbeatMs,
      onEnd: () => guarded(() => attached.detach(), onError),
    });
  });

  addFleetRoutes(app, controlled);

  app.post("/v1/stop", (c) => {
    c.env.outgoing.once("close", () => guarded(() => controlled.stop(), onError));
    return c.json({ stopping: true });
  });

  return app;
}

function changed(id: string, conversation: ConversationView | null): ChangeAnswer {
  const note =
    conversation === null
      ? `No conversation ${id} is open now. The setting is stored, for when one of that name comes.`
      : null;
  return { conversation, note };
}

/** An id of ours that is not open will not come again, so that storing a choice for it would be a lie. */
function refuseGoneForGood(controlled: Controlled, id: string): string {
  if (id.startsWith(UNNAMED_PREFIX) && controlled.conversation(id) === null) throw notOpen(id);
  return id;
}

function notOpen(id: string): Refused {
  return new Refused(404, `No conversation ${id} is open.`);
}

/** For what nobody waits for any more. */
function guarded(act: () => void, onError: (error: unknown) => void): void {
  try {
    act();
  } catch (error) {
    onError(error);
  }
}
