/** What OpenCode's events tell of a session. */
import * as z from "zod/mini";
import type { ConversationChange } from "../../host.ts";

export type SessionNews =
  | {
      readonly kind: "session";
      readonly session: string;
      readonly parent: string | null;
      readonly isArchived: boolean;
    }
  | { readonly kind: "deleted"; readonly session: string }
  | { readonly kind: "changed"; readonly session: string; readonly change: ConversationChange };

const info = z.object({
  id: z.string(),
  parentID: z.optional(z.nullable(z.string())),
  time: z.optional(z.object({ archived: z.optional(z.nullable(z.number())) })),
});
const ofSession = z.object({ sessionID: z.string() });
const eventSchema = z.object({ type: z.string(), properties: z.unknown() });

/** Its turn waits for its person, for a tool, or is over. */
const WAITING: Readonly<Record<string, NonNullable<ConversationChange["waiting"]>>> = {
  "permission.asked": "permission",
  "question.asked": "permission",
  "permission.replied": "tool",
  "question.replied": "tool",
  "question.rejected": "tool",
  "session.idle": "none",
};

/** Null: nothing that matters here. */
export function newsIn(value: unknown): SessionNews | null {
  const event = eventSchema.safeParse(value).data;
  if (event === undefined) return null;
  const { type, properties } = event;
  if (type === "session.created" || type === "session.updated" || type === "session.deleted") {
    const told = z.object({ info }).safeParse(properties).data?.info;
    if (told === undefined) return null;
    const { id: session, parentID: parent = null, time } = told;
    if (type === "session.deleted") return { kind: "deleted", session };
    return { kind: "session", session, parent, isArchived: time?.archived != null };
  }
  const waiting = WAITING[type];
  if (waiting === undefined && type !== "session.compacted") return null;
  const session = ofSession.safeParse(properties).data?.sessionID;
  if (session === undefined) return null;
  const change = waiting === undefined ? { invalidated: "it was compacted" } : { waiting };
  return { kind: "changed", session, change };
}
