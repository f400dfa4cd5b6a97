/** A gateway's fleet as the control API sees it. */
import { type ControlledFleet, Refused } from "../console/index.ts";
import type { GatewayFleet } from "../fleet/index.ts";

export function createFleetDesk(
  fleet: Pick<GatewayFleet, "database" | "store" | "embedded" | "dashboardUrl">,
): ControlledFleet {
  const { database, store, embedded, dashboardUrl } = fleet;

  /** Loaded by nobody who has no fleet; what the database cannot answer, a person is told. */
  async function asking<T>(act: (looking: typeof import("../fleet/index.ts")) => Promise<T>): Promise<T> {
    const looking = await import("../fleet/index.ts");
    try {
      return await act(looking);
    } catch (error) {
      if (error instanceof Refused) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new Refused(503, `The fleet's database does not answer: ${why}`);
    }
  }

  return {
    overview: () =>
      asking(async ({ databaseNow, listGateways, listWorkers, queueOverview }) => {
        const [queue, workers, gateways, now] = await Promise.all([
          queueOverview(database),
          listWorkers(database),
          listGateways(database),
          databaseNow(database),
        ]);
        return { embedded, dashboardUrl, queue, workers, gateways, now };
      }),
    jobs: ({ outcome, limit }) =>
      asking(async ({ listJobs }) => ({
        jobs: await listJobs(database, { limit, ...(outcome === undefined ? {} : { outcome }) }),
      })),
    job: (id) =>
      asking(async ({ findJob, phaseTimes }) => {
        const job = await findJob(database, id);
        return job && { job, phases: phaseTimes(job) };
      }),
    requeue: (id) =>
      asking(async ({ requeue }) => {
        const again = await requeue(database, store, id);
        if ("problem" in again) throw new Refused(409, again.problem);
        return again;
      }),
  };
}
