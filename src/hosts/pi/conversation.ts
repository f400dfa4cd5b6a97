/** One session of pi with keepwarm: from its start until it is left, by quitting, reloading, resuming or forking. */
import {
  createNativeHost,
  type NativeHost,
  type NativeHostOptions,
  requestTelling,
} from "../native/index.ts";
import { createMessageThreads, THREADS_COLD } from "./message-threads.ts";
import type { Pi, PiContext } from "./pi-api.ts";
import { watchPresence } from "./presence.ts";
import { readModel } from "./readings.ts";
import { createRequests, type Requests } from "./requests.ts";
import { createScreen } from "./screen.ts";
import { createSessionEntries, type Kept } from "./session-entries.ts";
import { MESSAGES_API } from "./wire.ts";

export type CreateHost = (options: NativeHostOptions) => NativeHost;

export interface PiConversation {
  readonly id: string;
  readonly requests: Requests;
  /** What was sent last is not what the next request begins with: why, as a phrase. */
  invalidated(why: string): void;
  /** An extension asks its person something, or has been answered, in the middle of a turn. */
  asking(isAsking: boolean): void;
  /** What pi's own warmer is told; undefined: what it wants. */
  decision(model: unknown): { readonly action: "stop" } | undefined;
  /** Does what stands behind /warm, and resolves with what the person is told. */
  command(text: string): Promise<string>;
  /** What the one that is forked from this one may need. */
  kept(): Kept;
  /** It is left: nothing more is sent, and its setting stays. */
  end(): void;
}

export interface PiConversationOptions {
  readonly handedOn: Kept | null;
  readonly createHost?: CreateHost;
}

export function openConversation(
  pi: Pi,
  { ui, hasUI, sessionManager: session, modelRegistry: registry }: PiContext,
  { handedOn, createHost = createNativeHost }: PiConversationOptions,
): PiConversation {
  const id = session.getSessionId();
  const entries = createSessionEntries(pi, session, handedOn);
  const threads = createMessageThreads(entries);
  const host = createHost({
    name: "pi",
    telling: requestTelling,
    storage: entries.storage,
    onChange: () => screen?.changed(),
  });
  const requests = createRequests({ host, conversationId: id, threads, registry, session });
  const options = { ui, host, conversationId: id, reason: threads.reason };
  const screen = hasUI ? createScreen(options) : null;
  const endPresence = watchPresence(ui, (present) => host.changed(id, { present }));
  let isOver = false;

  host.keeper.events.on("warmCompleted", (event) => {
    if (event.conversationId !== id || !threads.warmed(event)) return;
    ui.notify(`keepwarm: ${THREADS_COLD}`, "warning");
    screen?.changed();
  });
  void host.keeper.warmer.load(id);
  host.changed(id, { open: true });

  return {
    id,
    requests,
    invalidated: (why) => host.changed(id, { invalidated: why }),
    asking: (isAsking) => host.changed(id, { waiting: isAsking ? "permission" : "tool" }),
    decision(model) {
      const isOurs = readModel(model)?.api === MESSAGES_API;
      return isOurs && host.keeper.warmer.getState(id).enabled ? { action: "stop" } : undefined;
    },
    async command(text) {
      if (text.trim().toLowerCase() === "details" && screen !== null) {
        return screen.toggleDetails() ? "All figures are shown below." : "The figures are hidden.";
      }
      const said = await host.command(id, text);
      const reason = threads.reason();
      return reason === null ? said : `${said} ${reason}`;
    },
    kept: entries.kept,
    end() {
      if (isOver) return;
      isOver = true;
      requests.end();
      endPresence();
      host.detached(id);
      screen?.end();
      host.dispose();
    },
  };
}
