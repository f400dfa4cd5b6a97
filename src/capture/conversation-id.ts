/** The conversation that a client names in its request. */
import type { HeaderPairs } from "../anthropic/index.ts";
import { headerValue } from "../anthropic/index.ts";

/** Names the conversation for keepwarm alone; never sent on. */
export const CONVERSATION_HEADER = "x-keepwarm-conversation";

/** Where agents put their session's id, the plainest first: ours, Claude Code's, OpenCode's (docs/agents.md). */
const SESSION_HEADERS = [CONVERSATION_HEADER, "x-claude-code-session-id", "x-session-id"];

/** OpenCode's sub-agents have a session of their own, and name the one that they work for. */
const PARENT_HEADER = "x-parent-session-id";

/** Claude Code's sub-agents keep their session's id and add their own. */
const SUB_AGENT_HEADER = "x-claude-code-agent-id";

/** Longer is no id, in characters. */
const LONGEST_ID = 200;

/** What the headers of a request say of its conversation. */
export interface NamedBy {
  readonly conversationId: string | null;
  /** It is a sub-agent's. */
  readonly aside: boolean;
}

export function namedBy(headers: HeaderPairs): NamedBy {
  const named = SESSION_HEADERS.map((name) => usable(headerValue(headers, name))).find((id) => id !== null);
  const parent = usable(headerValue(headers, PARENT_HEADER));
  const aside = parent !== null || headerValue(headers, SUB_AGENT_HEADER) !== null;
  return { conversationId: parent ?? named ?? null, aside };
}

/**
 * The session in a request's `metadata.user_id`. Claude Code's is JSON with a `session_id`, or in older versions
 * `user_…_account_…_session_<uuid>`.
 */
export function sessionOf(userId: string): string | null {
  const old = /_session_([0-9a-f-]{36})$/.exec(userId);
  if (old) return usable(old[1] ?? null);
  try {
    const value: unknown = JSON.parse(userId);
    if (typeof value !== "object" || value === null || !("session_id" in value)) return null;
    return typeof value.session_id === "string" ? usable(value.session_id) : null;
  } catch {
    return null;
  }
}

function usable(id: string | null): string | null {
  const trimmed = id?.trim() ?? "";
  return trimmed === "" || trimmed.length > LONGEST_ID ? null : trimmed;
}
