/** keepwarm as an extension of pi: pi's events to the conversation that is open, and its command and key. */
import { WARM_ARGUMENTS } from "../native/index.ts";
import { type CreateHost, openConversation, type PiConversation } from "./conversation.ts";
import type { Pi, PiCompletion, PiContext } from "./pi-api.ts";
import { readLevelChoice, readModelChoice, readMove, readReason } from "./readings.ts";
import type { Kept } from "./session-entries.ts";

/** In pi's list of keys nothing else is on it. */
const KEY = "alt+w";

/** From the session that is left to the one that is forked from it, which is another extension instance's. */
let handedOn: Kept | null = null;

export interface ExtensionOptions {
  readonly createHost?: CreateHost;
}

export function extendPi(pi: Pi, { createHost }: ExtensionOptions = {}): void {
  let open: PiConversation | null = null;

  /** A fault of ours is nobody's but ours: pi goes on as if we were not there. */
  function on<T>(event: string, act: (event: unknown, context: PiContext) => T | undefined): void {
    pi.on(event, (told, context) => {
      try {
        return act(told, context);
      } catch {
        return undefined;
      }
    });
  }

  function close(): void {
    const left = open;
    open = null;
    left?.end();
  }

  on("session_start", (event, context) => {
    // It comes twice after some changes of session.
    if (open?.id === context.sessionManager.getSessionId()) return;
    close();
    const isFork = readReason(event)?.reason === "fork";
    const options = {
      handedOn: isFork ? handedOn : null,
      ...(createHost === undefined ? {} : { createHost }),
    };
    handedOn = null;
    open = openConversation(pi, context, options);
  });
  on("session_shutdown", (event) => {
    handedOn = readReason(event)?.reason === "fork" ? (open?.kept() ?? null) : null;
    close();
  });

  on("agent_start", () => open?.requests.agentStarted());
  on("before_provider_headers", (event) => open?.requests.headersShown(memberOf(event, "headers")));
  on("before_provider_request", (event, { model }) => {
    // Returns nothing, or it would take the payload's place.
    open?.requests.leaving(memberOf(event, "payload"), model);
  });
  on("after_provider_response", (event) => open?.requests.answered(event));
  on("message_end", (event) => {
    open?.requests.messageEnded(memberOf(event, "message"));
  });
  on("agent_settled", () => open?.requests.agentSettled());

  on("ui_prompt_start", (_, context) => {
    if (!isIdle(context)) open?.asking(true);
  });
  on("ui_prompt_end", (_, context) => {
    if (!isIdle(context)) open?.asking(false);
  });

  on("session_compact", () => open?.invalidated("it was compacted"));
  on("session_tree", (event) => {
    const move = readMove(event);
    if (move === null || move.newLeafId !== move.oldLeafId) open?.invalidated("it goes on from elsewhere");
  });
  on("model_select", (event) => {
    const choice = readModelChoice(event);
    const { model, previousModel } = choice ?? {};
    const isSame = model?.id === previousModel?.id && model?.provider === previousModel?.provider;
    if (choice === null || !isSame) open?.invalidated("another model was chosen");
  });
  on("thinking_level_select", (event) => {
    const choice = readLevelChoice(event);
    if (choice === null || choice.level !== choice.previousLevel)
      open?.invalidated("another thinking level was chosen");
  });
  on("cache_warming_decision", (_, { model }) => open?.decision(model));

  async function say(text: string, { ui }: PiContext): Promise<void> {
    try {
      const said = await (open?.command(text) ?? "keepwarm is not running in this session.");
      ui.notify(said, "info");
    } catch {
      // The session has been left meanwhile: nobody waits for an answer.
    }
  }

  pi.registerCommand("warm", {
    description: "Keep this conversation's prompt cache warm while you are away",
    getArgumentCompletions: completions,
    handler: say,
  });
  pi.registerShortcut(KEY, {
    description: "Keep this conversation warm, or no longer",
    handler: (context) => say("toggle", context),
  });
}

const ARGUMENTS = [...WARM_ARGUMENTS, { value: "details", description: "show all figures, or hide them" }];

function completions(prefix: string): PiCompletion[] | null {
  const typed = prefix.trimStart().toLowerCase();
  const fitting = ARGUMENTS.filter(({ value }) => value.startsWith(typed));
  if (fitting.length === 0) return null;
  return fitting.map(({ value, description }) => ({ value, label: value, description }));
}

function memberOf(event: unknown, name: string): unknown {
  return typeof event === "object" && event !== null ? Reflect.get(event, name) : undefined;
}

function isIdle(context: PiContext): boolean {
  return context.isIdle?.() ?? true;
}
