/** keepwarm inside OpenCode's server: what is sent, what is kept warm, and what its terminals ask for. */
import {
  createNativeHost,
  fetchWatching,
  type NativeHost,
  type NativeHostOptions,
  namedBySession,
} from "../native/index.ts";
import type { Asking, ServerClient, ServerHooks, ServerInput } from "./opencode-api.ts";
import { newsIn } from "./session-events.ts";
import { sessionSettings } from "./session-settings.ts";
import { createRoute, TAG } from "./tagged-fetch.ts";
import { createTelling } from "./telling.ts";
import { type Said, saidIn } from "./words.ts";

/** Who asks for titles and summaries, of requests that nobody goes on from. */
const ASIDE_AGENTS: ReadonlySet<string> = new Set(["title", "summary", "compaction"]);

export interface ServerOptions extends Omit<NativeHostOptions, "name" | "storage" | "onChange"> {
  /** @default createNativeHost */
  readonly createHost?: (options: NativeHostOptions) => NativeHost;
}

/** In the addresses of a run that a gateway looks after, which `keepwarm run` puts into OpenCode's configuration. */
const RUN_PATH = "/~keepwarm/";
const GATEWAY_RUN =
  "This OpenCode was started by keepwarm run, whose gateway sees every request: switch the conversation on there, with keepwarm on.";

/** Never rejects, and no hook throws: where keepwarm fails, OpenCode goes on as if it had never been there. */
export async function keepwarmServer(
  input: ServerInput,
  options: ServerOptions = {},
): Promise<Partial<ServerHooks>> {
  try {
    return hooksOf(input.client, options);
  } catch {
    return {};
  }
}

function hooksOf(client: ServerClient, options: ServerOptions): ServerHooks {
  const { createHost = createNativeHost, ...others } = options;
  const { env = process.env } = options;
  const isGatewayRun = env.OPENCODE_CONFIG_CONTENT?.includes(RUN_PATH) ?? false;
  /** Sub-agents' sessions, and whose they are. */
  const parents = new Map<string, string>();
  /** So that it is closed once, and not again by the event that its own setting makes. */
  const archived = new Set<string>();
  const host = createHost({
    ...others,
    name: "opencode",
    watching: fetchWatching,
    namedBy: namedBySession,
    storage: sessionSettings(client),
    onChange: (session) => telling.standing(session),
  });
  const telling = createTelling(client, host.standing);
  const route = createRoute(host.watch);

  async function heed(words: Said): Promise<void> {
    const { session } = words;
    if (words.kind === "present") {
      host.changed(session, { present: words.present });
      return;
    }
    telling.looked(session);
    // At once, so that who asks for what takes a while knows that it is being done.
    telling.standing(session);
    if (words.kind === "look") await host.keeper.warmer.load(session);
    else {
      const answer = isGatewayRun ? GATEWAY_RUN : await host.command(session, words.text);
      telling.answer(session, answer, words.id);
    }
    telling.standing(session);
  }

  function hear(event: unknown): void {
    const words = saidIn(event);
    if (words !== null) {
      void heed(words).catch(() => {});
      return;
    }
    const news = newsIn(event);
    if (news === null) return;
    const { session } = news;
    if (news.kind === "changed") {
      const parent = parents.get(session);
      // A sub-agent's end is not that of the turn that it works for.
      if (parent === undefined || news.change.waiting !== "none")
        host.changed(parent ?? session, news.change);
      return;
    }
    if (news.kind === "session") {
      if (news.parent !== null) parents.set(session, news.parent);
      if (!news.isArchived) archived.delete(session);
      if (!news.isArchived || archived.has(session)) return;
      archived.add(session);
    }
    // Archived or deleted: its person is done with it.
    if (!parents.has(session)) host.closed(session);
    if (news.kind !== "deleted") return;
    parents.delete(session);
    archived.delete(session);
    telling.forget(session);
  }

  return {
    event: async ({ event }) => harmless(() => hear(event)),
    "chat.headers": async (asking, { headers }) =>
      harmless(() => {
        if (isGatewayRun || !isWatched(asking)) return;
        route.add(asking.sessionID);
        headers[TAG] = asking.sessionID;
      }),
    "experimental.session.compacting": async ({ sessionID }) =>
      harmless(() => host.changed(sessionID, { invalidated: "it is being compacted" })),
    dispose: async () =>
      harmless(() => {
        route.dispose();
        telling.dispose();
        host.dispose();
      }),
  };
}

/**
 * The person's own key at Anthropic, or at a proxy that they configured themselves. Not what OpenCode or GitHub serves
 * by the same protocol: there each request counts, whatever it asks for.
 */
function isWatched({ agent, model, provider }: Asking): boolean {
  if (ASIDE_AGENTS.has(agent)) return false;
  const { providerID } = model;
  if (providerID === "anthropic") return true;
  if (/^opencode|github-copilot/.test(providerID)) return false;
  return provider?.source === "config" && model.api?.npm === "@ai-sdk/anthropic";
}

function harmless(act: () => void): void {
  try {
    act();
  } catch {
    // It is not OpenCode's person who can do anything about it.
  }
}

export default { id: "keepwarm", server: (input: ServerInput) => keepwarmServer(input) };
