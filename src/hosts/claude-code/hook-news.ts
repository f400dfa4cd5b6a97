/** What Claude Code's hooks tell of its sessions: whether one waits, is left, or is asked something by `/warm`. */
import * as z from "zod/mini";
import type { ConversationChange } from "../../host.ts";

const told = z.object({
  session_id: z.string().check(z.minLength(1), z.maxLength(200)),
  hook_event_name: z.string(),
  /** A sub-agent's. */
  agent_id: z.optional(z.string()),
  prompt: z.optional(z.string()),
  /** Who wrote the prompt. */
  source: z.optional(z.string()),
  background_tasks: z.optional(z.array(z.unknown())),
  notification_type: z.optional(z.string()),
  reason: z.optional(z.string()),
});
type Told = z.infer<typeof told>;

export interface HookNews {
  readonly conversationId: string;
  /** Null: it changes nothing. */
  readonly change: ConversationChange | null;
  /** Its person has left it. */
  readonly isLeft: boolean;
  /** What stands behind `/warm`, where that is what its person said. */
  readonly warm: string | null;
}

const WARM = /^\s*\/(?:keepwarm:)?warm(?:\s+(.*))?$/s;

/** Notifications by which it says that it waits for its person's word. */
const ASKS = ["permission_prompt", "elicitation_dialog"];

/**
 * Ends of a session that its person brought about. Another end is that of a process, which may be one turn's alone
 * (`claude -p --resume`).
 */
const LEFT = ["clear", "resume", "logout", "prompt_input_exit"];

/** What writes a prompt and is no person. */
const MACHINES = ["system", "loop_wakeup", "schedule_wakeup", "poll_event"];

/** Null: it is nothing that a hook tells. */
export function hookNews(event: unknown): HookNews | null {
  const read = told.safeParse(event);
  if (!read.success) return null;
  const { data } = read;
  const { session_id: conversationId, hook_event_name: name, prompt = "", reason = "" } = data;
  const command = name === "UserPromptSubmit" ? WARM.exec(prompt) : null;
  return {
    conversationId,
    change: command === null ? changeOf(data) : null,
    isLeft: name === "SessionEnd" && LEFT.includes(reason),
    warm: command === null ? null : (command[1] ?? ""),
  };
}

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
