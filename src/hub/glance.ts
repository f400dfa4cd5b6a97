/**
 * A look at the gateway that was started here last, without asking first whether it is still there, and with nothing
 * loaded that only other questions take: for who looks every second.
 */
import * as z from "zod/mini";
import { askOver, conversationPath, nullIfUnknown } from "./ask.ts";
import { openProven } from "./connection.ts";
import { readRecord } from "./record.ts";
import { readToken } from "./token.ts";
import { type ConversationView, conversationView } from "./views/conversation.ts";

/** Both reject with what a `ControlClient` rejects with. */
export interface Glance {
  /** Those that are open. */
  conversations(): Promise<readonly ConversationView[]>;
  /** Null: none of that id is open. */
  conversation(conversationId: string): Promise<ConversationView | null>;
}

const one = z.looseObject({ conversation: conversationView });
const all = z.looseObject({ conversations: z.array(conversationView) });

/**
 * Null: no gateway was started there, or the last one has ended in order.
 *
 * @param timeoutMs how long it may take to prove itself
 * @throws {TokenError} when the token may not be used
 */
export async function glanceAt(directory: string, timeoutMs: number): Promise<Glance | null> {
  const [found, token] = await Promise.all([readRecord(directory), readToken(directory)]);
  if (found.state !== "read" || token === null) return null;
  const { controlUrl } = found.record;
  const connect = () => openProven(controlUrl, token, timeoutMs);
  return {
    async conversations() {
      return (await askOver(connect, { method: "GET", path: "/v1/status" }, all)).conversations;
    },
    async conversation(id) {
      const asked = { method: "GET", path: conversationPath(id, "") } as const;
      return (await askOver(connect, asked, one).catch(nullIfUnknown))?.conversation ?? null;
    },
  };
}
