/** The control API's routes of a fleet: its queue, its jobs, its workers. */
import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import * as z from "zod";
import {
  type FleetAnswer,
  type FleetJobAnswer,
  type FleetJobsAnswer,
  type FleetRequeued,
  JOB_OUTCOMES,
} from "../hub/index.ts";
import { type Controlled, type ControlledFleet, Refused } from "./controlled.ts";

const jobsQuery = z.object({
  outcome: z.enum(JOB_OUTCOMES).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export function addFleetRoutes(app: Hono<{ Bindings: HttpBindings }>, controlled: Controlled): void {
  function fleet(): ControlledFleet {
    const { fleet: found } = controlled;
    if (found === null) throw new Refused(404, "This gateway has no fleet: start it with --fleet.");
    return found;
  }

  app.get("/v1/fleet", async (c) => c.json<FleetAnswer>(await fleet().overview()));

  app.get("/v1/fleet/jobs", async (c) => {
    const query = jobsQuery.safeParse(c.req.query());
    if (!query.success) {
      throw new Refused(400, `outcome must be one of ${JOB_OUTCOMES.join(", ")}; limit from 1 to 1000.`);
    }
    return c.json<FleetJobsAnswer>(await fleet().jobs(query.data));
  });

  app.get("/v1/fleet/jobs/:id", async (c) => {
    const id = c.req.param("id");
    const job = await fleet().job(id);
    if (job === null) throw new Refused(404, `There is no job ${id}, or more than one that begins so.`);
    return c.json<FleetJobAnswer>(job);
  });

  app.post("/v1/fleet/jobs/:id/requeue", async (c) =>
    c.json<FleetRequeued>(await fleet().requeue(c.req.param("id"))),
  );
}
