import type {
  ContentBlock,
  Message,
  RawContentBlockDelta,
  RawMessageStreamEvent,
} from "@anthropic-ai/sdk/resources/messages";
import { spokenText } from "./answer.ts";
import { CHARACTERS_PER_TOKEN } from "./tokens.ts";
import { deltaUsageOf, type EmulatedUsage } from "./usage.ts";

export interface EmulatedMessage extends Message {
  usage: EmulatedUsage;
}

export type StreamEvent = RawMessageStreamEvent | { readonly type: "ping" };

/** Tokens of text in one delta. */
const TOKENS_PER_DELTA = 5;

/**
 * A message as the events of a stream, in the documented order (docs/prompt-caching.md § 5):
 * `message_start` with the input's usage, each block's start, deltas and stop with a `ping` on the way,
 * `message_delta` with the final usage, `message_stop`.
 */
export function* eventsOf(message: EmulatedMessage): Generator<StreamEvent> {
  yield { type: "message_start", message: startOf(message) };
  for (const [index, block] of message.content.entries()) {
    yield { type: "content_block_start", index, content_block: emptied(block) };
    if (index === 0) yield { type: "ping" };
    for (const delta of deltasOf(block)) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
  yield {
    type: "message_delta",
    delta: {
      stop_reason: message.stop_reason,
      stop_sequence: message.stop_sequence,
      stop_details: message.stop_details,
      container: message.container,
    },
    usage: deltaUsageOf(message.usage),
  };
  yield { type: "message_stop" };
}

export function encodeEvent(type: string, data: unknown): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** How many deltas a message streams as, hence how often a paced answer waits. */
export function deltaCount(message: Message): number {
  return message.content.reduce((sum, block) => sum + deltasOf(block).length, 0);
}

/** The message before it said anything: one output token has been begun, the input is known. */
function startOf(message: EmulatedMessage): EmulatedMessage {
  const iterations = message.usage.iterations.map((one) => ({ ...one, output_tokens: 1 }));
  const usage = { ...message.usage, iterations, output_tokens: 1, output_tokens_details: null };
  return { ...message, content: [], stop_reason: null, usage };
}

function emptied(block: ContentBlock) {
  if (block.type === "tool_use") return { ...block, input: {} };
  if (block.type === "thinking") return { ...block, thinking: "", signature: "" };
  return { type: "text" as const, text: "", citations: null };
}

function deltasOf(block: ContentBlock): readonly RawContentBlockDelta[] {
  const parts = piecesOf(spokenText(block));
  if (block.type === "tool_use") {
    return parts.map((partial_json) => ({ type: "input_json_delta", partial_json }));
  }
  if (block.type === "thinking") {
    const thoughts = parts.map((thinking) => ({ type: "thinking_delta" as const, thinking }));
    return [...thoughts, { type: "signature_delta", signature: block.signature }];
  }
  return parts.map((text) => ({ type: "text_delta", text }));
}

function piecesOf(text: string): readonly string[] {
  const length = TOKENS_PER_DELTA * CHARACTERS_PER_TOKEN;
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += length) pieces.push(text.slice(start, start + length));
  return pieces;
}
