import { isObject, type JsonObject, textOf } from "./json.ts";
import type { MessagesRequest } from "./request.ts";

/** What the person's last message asks of the answer. */
export interface Directives {
  readonly tools: readonly { readonly name: string; readonly input: JsonObject }[];
  readonly answerTokens: number | null;
  readonly thinkingTokens: number | null;
  /** Milliseconds before the response begins. */
  readonly delayMs: number | null;
  /** Milliseconds between two deltas. */
  readonly paceMs: number | null;
}

/**
 * Reads the directives of the last user turn's own text (tool results are data and are not read):
 *
 * - `[[tool:NAME {"key":"value"}]]` calls a declared tool, once per directive; the input may be left out
 * - `[[tokens:200]]` answers with that many tokens
 * - `[[thinking:50]]` thinks that many tokens first, unless thinking is disabled
 * - `[[delay:500ms]]` waits before the response begins; `[[pace:20ms]]` between two deltas
 */
export function directivesOf(request: MessagesRequest): Directives {
  const text = lastUserText(request);
  return {
    tools: toolCalls(text),
    answerTokens: numberIn(text, /\[\[tokens:(\d+)\]\]/),
    thinkingTokens: numberIn(text, /\[\[thinking:(\d+)\]\]/),
    delayMs: numberIn(text, /\[\[delay:(\d+)ms\]\]/),
    paceMs: numberIn(text, /\[\[pace:(\d+)ms\]\]/),
  };
}

function lastUserText(request: MessagesRequest): string {
  const lastAnswer = request.messages.findLastIndex((message) => message.role === "assistant");
  return request.messages
    .slice(lastAnswer + 1)
    .filter((message) => message.role === "user")
    .flatMap((message) => message.content)
    .map((block) => (block.type === "text" ? textOf(block.text) : ""))
    .join("\n");
}

function numberIn(text: string, pattern: RegExp): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

function toolCalls(text: string): Directives["tools"] {
  const calls: { name: string; input: JsonObject }[] = [];
  for (const match of text.matchAll(/\[\[tool:([\w.:-]+)\s*/g)) {
    const start = match.index + match[0].length;
    const length = objectLength(text, start);
    const input = parseObject(text.slice(start, start + length));
    if (input !== null && text.startsWith("]]", start + length)) calls.push({ name: match[1] ?? "", input });
  }
  return calls;
}

/** Length of the JSON object that begins at `start`, found by its braces outside strings; 0 for none. */
function objectLength(text: string, start: number): number {
  if (text[start] !== "{") return 0;
  let depth = 0;
  let inString = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return index + 1 - start;
    }
  }
  return 0;
}

function parseObject(json: string): JsonObject | null {
  if (json === "") return {};
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
