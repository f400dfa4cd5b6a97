/**
 * What Claude Code's hooks tell of its sessions: whether one waits, is over, or asks something by `/warm`. Each is
 * answered at once, none is sent on, and nothing is kept of what it says beyond that.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import type { Keeper } from "../capture/index.ts";
import type { ConversationChange, Logger } from "../host.ts";
import { answerWarm } from "../hosts/native/index.ts";

export interface HooksOptions {
  readonly keeper: Keeper;
  readonly logger: Logger;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Told when its person has switched a conversation by `/warm`. */
  readonly switched?: (conversationId: string, enabled: boolean) => void;
}

export interface Hooks {
  /** @param tag that of an attached run, whose sessions alone are listened to; null: there is none */
  answer(request: IncomingMessage, response: ServerResponse, tag: string | null): void;
}

/** More is let go of as it comes: a prompt and a tool's input are told whole, and not what is looked for. */
const MOST_BYTES = 8_000_000;

const told = z.object({
  session_id: z.string().min(1).max(200),
  hook_event_name: z.string(),
  /** A sub-agent's. */
  agent_id: z.string().optional(),
  prompt: z.string().optional(),
  /** Who wrote the prompt. */
  source: z.string().optional(),
  background_tasks: z.array(z.unknown()).optional(),
  notification_type: z.string().optional(),
  reason: z.string().optional(),
});
type Told = z.infer<typeof told>;

/**
 * Claude Code waits for a hook as long as src/agents/claude-code-plugin.ts says, and then sends the prompt: `/warm now`
 * would become a turn where its warm takes longer. In ms.
 */
const PATIENCE_MS = 1_500;

const STILL_AT_IT = "keepwarm is still at it. /warm says what came of it.";

const WARM = /^\s*\/(?:keepwarm:)?warm(?:\s+(.*))?$/s;

/** Notifications by which it says that it waits for its person's word. */
const ASKS = ["permission_prompt", "elicitation_dialog"];

/**
 * Ends of a session that its person brought about. Another end is that of a process, which may be one turn's alone
 * (`claude -p --resume`): the end of the run tells what that means.
 */
const LEFT = ["clear", "resume", "logout", "prompt_input_exit"];

/** What writes a prompt and is no person. */
const MACHINES = ["system", "loop_wakeup", "schedule_wakeup", "poll_event"];

export function createHooks({ keeper, logger, now, switched }: HooksOptions): Hooks {
  function note(event: Told): void {
    const { session_id: conversationId, reason = "" } = event;
    if (event.hook_event_name === "SessionEnd") {
      if (LEFT.includes(reason)) keeper.detach(conversationId);
      return;
    }
    const change = changeOf(event);
    if (change !== null) keeper.changed(conversationId, change);
  }

  function warm(text: string, conversationId: string): Promise<string> {
    return answerWarm(text, conversationId, {
      keeper,
      logger,
      now,
      switched(id, enabled) {
        if (keeper.conversation(id) !== null) switched?.(id, enabled);
      },
    });
  }

  async function answerTo(body: string, tag: string | null): Promise<unknown> {
    const parsed = told.safeParse(parseJson(body));
    if (!parsed.success) return null;
    const { data } = parsed;
    const { session_id: conversationId, hook_event_name: name, prompt = "" } = data;
    const command = name === "UserPromptSubmit" ? WARM.exec(prompt) : null;
    const known = keeper.conversation(conversationId);
    const isAnothers = known !== null && known.tag !== tag;
    if (command !== null) {
      return blocked(
        tag === null || isAnothers
          ? "The gateway does not know this run any more. Say something first, and then try again."
          : await inTime(warm(command[1] ?? "", conversationId)),
      );
    }
    if (tag !== null && !isAnothers) note(data);
    return null;
  }

  return {
    answer(request, response, tag) {
      let chunks: Buffer[] = [];
      let bytes = 0;
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) chunks = [];
        else chunks.push(chunk);
      });
      request.on("end", () => {
        void answerTo(Buffer.concat(chunks).toString(), tag)
          .catch((error: unknown) => {
            // Its message may quote what was told.
            logger.error("keepwarm: a hook could not be answered", { error: nameOf(error) });
            return null;
          })
          .then((answer) => {
            if (response.destroyed) return;
            response.writeHead(200, { "content-type": "application/json" });
            // Where there is nothing to say, because Claude Code notes every word of a hook's in its transcript.
            response.end(answer === null ? "" : JSON.stringify(answer));
          });
      });
    },
  };
}

async function inTime(answer: Promise<string>): Promise<string> {
  let impatient: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    impatient = setTimeout(() => resolve(STILL_AT_IT), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(impatient);
  }
}

/** Null: it changes nothing. */
function changeOf(event: Told): ConversationChange | null {
  const { agent_id: subAgent, source = "user", background_tasks: tasks = [], notification_type = "" } = event;
  const open = true;
  switch (event.hook_event_name) {
    case "PermissionRequest":
      // A sub-agent's too: the conversation waits for both.
      return { waiting: "permission", open };
    case "Notification":
      return ASKS.includes(notification_type) ? { waiting: "permission", open } : null;
  }
  if (subAgent !== undefined) return null;
  switch (event.hook_event_name) {
    case "UserPromptSubmit":
      return { waiting: "none", open, present: !MACHINES.includes(source) };
    case "Stop":
      return { waiting: tasks.length > 0 ? "background" : "none", open };
    case "StopFailure":
      return { waiting: "none", open };
    case "PreCompact":
    case "PostCompact":
      return { invalidated: "it was compacted" };
    case "PostModelSwitch":
      return { invalidated: "another model was chosen" };
    default:
      return null;
  }
}

/** The prompt is not sent, and its person sees `reason` instead. */
function blocked(reason: string): unknown {
  return {
    decision: "block",
    reason,
    hookSpecificOutput: { hookEventName: "UserPromptSubmit", suppressOriginalPrompt: true },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
