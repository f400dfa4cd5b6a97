/** What OpenCode keeps of a model call, wherever it keeps it: files, a database, an export. */
import * as z from "zod";
import { lastSegment, type Sighting, type Stop } from "./conversation.ts";
import { text, time, timesOf, tokens, toolStop } from "./transcript.ts";

export const openCodeMessage = z.object({
  role: z.literal("assistant"),
  modelID: z.string().min(1),
  time: z.object({ created: z.number(), completed: time }),
  tokens: z.object({
    input: tokens,
    output: tokens,
    reasoning: tokens,
    cache: z.object({ read: tokens, write: tokens }).catch({ read: 0, write: 0 }),
  }),
  finish: text,
});

export type OpenCodeMessage = z.infer<typeof openCodeMessage>;

/** A call of a tool that the message holds. */
export interface ToolPart {
  readonly tool: string;
  /** Epoch ms. */
  readonly startedAt: number;
}

export const openCodePart = z.object({
  type: z.literal("tool"),
  tool: text,
  state: z.object({ time: z.object({ start: z.number() }) }),
});

export function toolPartOf(value: unknown): ToolPart | null {
  const part = openCodePart.safeParse(value);
  return part.success ? { tool: part.data.tool, startedAt: part.data.state.time.start } : null;
}

/** A message as version 2 keeps it, its parts inside: taken as one of version 1. */
export const openCodeMessage2 = z
  .object({
    model: z.object({ id: z.string().min(1) }),
    time: z.object({ created: z.number(), streamed: time, completed: time }),
    tokens: openCodeMessage.shape.tokens,
    finish: text,
    content: z.array(z.unknown()).catch([]),
  })
  .transform(({ model, time: { created, streamed, completed }, tokens, finish, content }) => ({
    message: {
      role: "assistant" as const,
      modelID: model.id,
      // Streamed when the answer was there, completed when its tools were done.
      time: { created, completed: Number.isNaN(streamed) ? completed : streamed },
      tokens,
      finish,
    },
    tools: content.flatMap((part): ToolPart[] => {
      const tool = openCodeTool2.safeParse(part);
      return tool.success ? [{ tool: tool.data.name, startedAt: tool.data.time.ran }] : [];
    }),
  }));

const openCodeTool2 = z.object({
  type: z.literal("tool"),
  name: text,
  // One that never ran says nothing of when the answer ended.
  time: z
    .object({ ran: z.number().catch(Number.POSITIVE_INFINITY) })
    .catch({ ran: Number.POSITIVE_INFINITY }),
});

export const openCodeSession = z.object({ id: z.string().min(1), parentID: text, directory: text });

/** Sessions by id: a sub-agent's is a thread of the one that it stems from. */
export class OpenCodeSessions {
  readonly #parents = new Map<string, string>();
  readonly projects = new Map<string, string>();

  add(id: string, parentId: string, directory: string): void {
    if (parentId !== "" && parentId !== id) this.#parents.set(id, parentId);
    if (directory !== "") this.projects.set(id, lastSegment(directory));
  }

  rootOf(id: string): string {
    let root = id;
    for (let depth = 0; depth < 20; depth++) {
      const parent = this.#parents.get(root);
      if (parent === undefined) break;
      root = parent;
    }
    return root;
  }
}

const STOPS: Readonly<Record<string, Stop>> = { stop: "e", length: "m", "content-filter": "r" };

/** Null where the message was no call, or none that was answered. */
export function openCodeSighting(
  sessionId: string,
  sessions: OpenCodeSessions,
  message: OpenCodeMessage,
  tools: readonly ToolPart[],
): Sighting | null {
  const { input, output, reasoning, cache } = message.tokens;
  const { created, completed } = message.time;
  if (input + output + cache.read + cache.write === 0) return null;
  // It is completed only when its tools are; the answer was when the first of them began.
  const answeredAt = Math.min(completed, ...tools.map(({ startedAt }) => startedAt));
  const session = sessions.rootOf(sessionId);
  const called = message.finish === "tool-calls" || (message.finish === "" && tools.length > 0);
  return {
    // A fork copies messages under new ids.
    key: `opencode:${created}:${message.modelID}:${input}:${cache.read}:${cache.write}:${output}`,
    session,
    call: {
      ...timesOf({ startedAt: created, firstAt: created, endedAt: answeredAt }),
      model: message.modelID,
      uncachedTokens: input,
      write5mTokens: cache.write,
      write1hTokens: 0,
      readTokens: cache.read,
      outputTokens: output + reasoning,
      stop: called ? toolStop(tools.map(({ tool }) => tool)) : (STOPS[message.finish] ?? "?"),
      thread: session === sessionId ? "" : sessionId,
    },
  };
}
