/**
 * Watches what OpenCode sends with the process's own `fetch`: requests that were tagged, and no others.
 *
 * Not with a provider's `options.fetch`: a provider that has options counts as configured, so that one without a key
 * would turn up in every list of models; and it would take the place of the `fetch` of plugins that sign in.
 */
export type Fetch = typeof globalThis.fetch;

/** Names the session, for keepwarm alone; taken out again before anything is sent. */
export const TAG = "x-keepwarm-conversation";

interface Replaced {
  readonly before: Fetch;
  readonly ours: Fetch;
}

/** How the requests of a session are sent: by the plugin of its project, of which a process may have several. */
const routes = new Map<string, Fetch>();
let replaced: Replaced | null = null;

export interface Route {
  /** From now on the session's tagged requests are watched. */
  add(sessionId: string): void;
  dispose(): void;
}

/** @param watch makes of a `fetch` one that is watched */
export function createRoute(watch: (fetch: Fetch) => Fetch): Route {
  const watched = watch((input, init) => (replaced?.before ?? globalThis.fetch)(input, init));
  return {
    add(sessionId) {
      replaced ??= replaceFetch();
      routes.set(sessionId, watched);
    },
    dispose() {
      for (const [sessionId, route] of routes) if (route === watched) routes.delete(sessionId);
      // Where another has replaced it since, ours stays beneath, and passes everything on.
      if (routes.size > 0 || replaced === null || globalThis.fetch !== replaced.ours) return;
      globalThis.fetch = replaced.before;
      replaced = null;
    },
  };
}

function replaceFetch(): Replaced {
  const before = globalThis.fetch;
  // Bun's has members of its own.
  const ours: Fetch = Object.assign(routed(before), before);
  globalThis.fetch = ours;
  return { before, ours };
}

function routed(before: Fetch): Fetch {
  return (input, init) => {
    const headers = taggedHeaders(input, init);
    const id = headers?.get(TAG) ?? null;
    if (headers === null || id === null) return before(input, init);
    const route = routes.get(id);
    if (route !== undefined) return route(input, init);
    headers.delete(TAG);
    return before(input, { ...init, headers });
  };
}

/** Null: it has none, or they cannot be read, which is for the real `fetch` to say. */
function taggedHeaders(input: Parameters<Fetch>[0], init: RequestInit | undefined): Headers | null {
  const given = init?.headers ?? (input instanceof Request ? input.headers : undefined);
  if (given === undefined) return null;
  try {
    return new Headers(given);
  } catch {
    return null;
  }
}
