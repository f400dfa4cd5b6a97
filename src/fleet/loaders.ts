/** What artifacts are made by: one loader a type. */
import type { ArtifactOrder } from "./job.ts";
import { loadRepoMap } from "./repo-map.ts";

export interface LoadedArtifact {
  /** Of what it was made from: another one with each change. */
  readonly revision: string;
  readonly content: string;
}

/** Makes an artifact. Rejects when it cannot; then it is tried again. */
export type ArtifactLoader = (
  order: ArtifactOrder,
  options: { readonly signal: AbortSignal },
) => Promise<LoadedArtifact>;

const loaders = new Map<string, ArtifactLoader>([["repo_map", loadRepoMap]]);

/**
 * A loader for a type of artifact; the last one of a type wins.
 *
 * @example registerLoader("notes", async ({ repository }) => ({ revision: "1", content: await notesOf(repository) }));
 */
export function registerLoader(type: string, loader: ArtifactLoader): void {
  loaders.set(type, loader);
}

export function loaderOf(type: string): ArtifactLoader | undefined {
  return loaders.get(type);
}

/** Makes an artifact in this process. @throws a sentence for people where nobody knows how */
export async function makeArtifact(order: ArtifactOrder, signal?: AbortSignal): Promise<LoadedArtifact> {
  const load = loaderOf(order.type);
  if (load === undefined) throw new Error(`there is no loader for artifacts of type ${order.type}`);
  return load(order, { signal: signal ?? new AbortController().signal });
}
