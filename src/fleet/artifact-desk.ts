/** A gateway's artifacts in a fleet: made by workers, once for all gateways that ask for the same. */
import { commitOf, type Trigger, type WantedArtifact } from "../prewarm/index.ts";
import type { ArtifactStore } from "./artifacts.ts";
import type { Awaiting } from "./awaiting.ts";
import type { FleetStore } from "./store.ts";

export interface ArtifactDeskDeps {
  readonly store: Pick<FleetStore, "order">;
  readonly artifacts: ArtifactStore;
  readonly awaiting: Awaiting;
  /** The gateway, by the same name after each of its restarts. */
  readonly owner: string;
}

export interface Why {
  readonly trigger: Trigger | "manual";
  readonly signal?: AbortSignal;
}

/** Gives an artifact's content, made anew where its branch has another commit. @throws a sentence for people */
export type ArtifactDesk = (wanted: WantedArtifact, why: Why) => Promise<string>;

/** How long a worker may take to come and to make it, in ms. */
const PATIENCE_MS = 120_000;

export function createArtifactDesk({ store, artifacts, awaiting, owner }: ArtifactDeskDeps): ArtifactDesk {
  return async (wanted, { trigger, signal }) => {
    const { repository, branch, type } = wanted;
    const of = `the artifact ${type} of ${repository} (${branch})`;
    // Somebody who asks has a reason that no commit knows of.
    const event = trigger === "manual" ? null : await commitOf(repository, branch);
    const jobId = await store.order(wanted, owner, trigger, event);
    const ended = await awaiting.ended(jobId, PATIENCE_MS, signal);
    if (ended === null) throw new Error(`${of} is not there: no worker has made it yet`);
    if (ended.outcome !== "completed")
      throw new Error(`${of} could not be made: ${ended.error ?? ended.outcome}`);
    const made = await artifacts.get(wanted);
    if (made === null)
      throw new Error(`${of} is not where workers keep artifacts: see KEEPWARM_FLEET_ARTIFACTS`);
    return made.content;
  };
}
