import { invalid } from "./errors.ts";
import { canonical, type JsonObject, textOf } from "./json.ts";
import { type Marker, markerOf, obstacleOf, withoutMarkers } from "./markers.ts";
import type { MessageParam, MessagesRequest } from "./request.ts";
import { tokensOfBlock } from "./tokens.ts";

export type Level = "tools" | "system" | "messages";

/** One position of the prefix. */
export interface Block {
  readonly level: Level;
  /** The list of the request it came from; web tools come from `tools` and render into the system prompt. */
  readonly source: Level;
  /** Index in `messages`, -1 outside them. */
  readonly message: number;
  readonly type: string;
  /** What is hashed. */
  readonly content: string;
  readonly tokens: number;
  readonly marker: Marker | null;
  /** Whether automatic caching may put its breakpoint here. */
  readonly markable: boolean;
}

/**
 * A request as the list of its positions in the order of the prefix: tools, then system, then messages
 * (docs/prompt-caching.md row 1.7). What the model does not see is no position.
 */
export function blocksOf(request: MessagesRequest): readonly Block[] {
  const tools: Block[] = [];
  const webTools: Block[] = [];
  for (const [index, tool] of request.tools.entries()) {
    const block = blockOf(tool, `tools.${index}`, "tools", -1, "");
    // Deferred tools are outside the prefix until tool search finds them (docs/prompt-caching.md row 1.24).
    if (tool.defer_loading === true) continue;
    // Switching web search or web fetch on modifies the system prompt and leaves the tools cache alone.
    if (isWebTool(tool)) webTools.push({ ...block, level: "system" });
    else tools.push(block);
  }
  const system = request.system.map((block, index) => blockOf(block, `system.${index}`, "system", -1, ""));
  return [...tools, ...webTools, ...system, ...messageBlocks(request)];
}

function messageBlocks(request: MessagesRequest): readonly Block[] {
  const lastUser = request.messages.findLastIndex((message) => message.role === "user");
  const lastPlainUser = request.messages.findLastIndex(isPlainUserTurn);
  const blocks: Block[] = [];
  for (const [index, message] of request.messages.entries()) {
    const cleared = message.fields.clear_at === "next_user_message" && index < lastUser;
    const clears = typeof message.fields.clear_at === "string";
    const forgetsThinking = !request.spec.keepsThinking && index < lastPlainUser;
    for (const [position, content] of message.content.entries()) {
      const path = `messages.${index}.content.${position}`;
      // Consecutive messages of one role are one turn, so of a message only its role counts, and further
      // fields, such as an effort of its own, which are rendered where it begins.
      const fields =
        position === 0 && Object.keys(message.fields).length > 0 ? canonical(message.fields) : "";
      const salt = `${message.role}${fields}`;
      const block = blockOf(content, path, "messages", index, salt);
      if (block.marker !== null && clears) {
        throw invalid(`${path}.cache_control: not permitted on a message with clear_at`);
      }
      if (cleared || (forgetsThinking && isThinking(block))) continue;
      blocks.push(clears ? { ...block, markable: false } : block);
    }
  }
  return blocks;
}

function blockOf(value: JsonObject, path: string, level: Level, message: number, salt: string): Block {
  const bare = withoutMarkers(value);
  const json = canonical(bare);
  return {
    level,
    source: level,
    message,
    type: typeof value.type === "string" ? value.type : level === "tools" ? "tool" : "unknown",
    content: `${salt}${json}`,
    tokens: tokensOfBlock(bare, () => json),
    marker: markerOf(value, path),
    markable: obstacleOf(value) === null,
  };
}

/**
 * A user turn that brings more than tool results. On models that keep only the last turn's thinking it
 * strips the thinking blocks before it from the prompt (docs/prompt-caching.md § 3).
 */
function isPlainUserTurn(message: MessageParam): boolean {
  return message.role === "user" && message.content.some((block) => block.type !== "tool_result");
}

function isThinking(block: Block): boolean {
  return block.type === "thinking" || block.type === "redacted_thinking";
}

function isWebTool(tool: JsonObject): boolean {
  return /^web_(?:search|fetch)_\d/.test(textOf(tool.type));
}
