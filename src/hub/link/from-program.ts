/** Reads what programs say. Apart from the rest, which loads inside them. */
import * as z from "zod/mini";
import { conversationView, outlookView } from "../views/conversation.ts";
import { historyEntry } from "../views/history.ts";
import type { FromProgram } from "./protocol.ts";

export const fromProgram: z.ZodMiniType<FromProgram> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    host: z.string().check(z.regex(/^[\w.-]{1,40}$/)),
    pid: z.int().check(z.positive()),
    version: z.string().check(z.maxLength(100)),
  }),
  z.object({ type: z.literal("conversations"), conversations: z.array(conversationView) }),
  z.object({ type: z.literal("gone"), conversationIds: z.array(z.string()) }),
  z.object({
    type: z.literal("history"),
    entries: z.array(z.object({ conversationId: z.string(), entry: historyEntry })),
  }),
  z.object({
    type: z.literal("answer"),
    id: z.int(),
    conversation: z.optional(conversationView),
    outlook: z.optional(outlookView),
    notSent: z.optional(z.string()),
    failed: z.optional(z.string()),
  }),
]);
