/** The conversation that a client names in its request. */
import type { HeaderPairs } from "../anthropic/index.ts";
import { headerValue } from "../anthropic/index.ts";

/** Names the conversation for keepwarm alone; never sent on. */
export const CONVERSATION_HEADER = "x-keepwarm-conversation";

/** Where agents put their session's id, the plainest first: ours, Claude Code's, OpenCode's. */
const SESSION_HEADERS = [CONVERSATION_HEADER, "x-claude-code-session-id", "x-session-id"];

/** Longer is no id, in characters. */
const LONGEST_ID = 200;

/** @param userId `metadata.user_id` of the request */
export function conversationIdOf(headers: HeaderPairs, userId: string | null): string | null {
  for (const name of SESSION_HEADERS) {
    const id = usable(headerValue(headers, name));
    if (id !== null) return id;
  }
  return userId === null ? null : usable(sessionOf(userId));
}

/** Claude Code's: JSON with a `session_id`, or in older versions `user_…_account_…_session_<uuid>`. */
function sessionOf(userId: string): string | null {
  const old = /_session_([0-9a-f-]{36})$/.exec(userId);
  if (old) return old[1] ?? null;
  try {
    const value: unknown = JSON.parse(userId);
    if (typeof value !== "object" || value === null || !("session_id" in value)) return null;
    return typeof value.session_id === "string" ? value.session_id : null;
  } catch {
    return null;
  }
}

function usable(id: string | null): string | null {
  const trimmed = id?.trim() ?? "";
  return trimmed === "" || trimmed.length > LONGEST_ID ? null : trimmed;
}
