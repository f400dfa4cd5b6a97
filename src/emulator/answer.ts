import { randomBytes } from "node:crypto";
import type { ContentBlock, StopReason } from "@anthropic-ai/sdk/resources/messages";
import type { Directives } from "./directives.ts";
import { isObject, type Json, type JsonObject, textOf } from "./json.ts";
import { forcesTool, outputFormat, thinkingMode, toolChoice } from "./parameters.ts";
import type { MessagesRequest } from "./request.ts";
import { sampleOf } from "./schema-sample.ts";
import { CHARACTERS_PER_TOKEN, tokensOfCharacters } from "./tokens.ts";

export interface Answer {
  readonly content: readonly ContentBlock[];
  readonly stopReason: StopReason;
  readonly outputTokens: number;
  readonly thinkingTokens: number;
}

const SENTENCE = "This is an emulated answer: no model has read the prompt. ";

/** What the "model" says. It depends on the request alone, so that a repeated request gets the same text. */
export function answerTo(request: MessagesRequest, directives: Directives, defaultTokens: number): Answer {
  // A pre-warm reads the prompt and generates nothing (docs/prompt-caching.md § 4).
  if (request.maxTokens === 0) {
    return { content: [], stopReason: "max_tokens", outputTokens: 0, thinkingTokens: 0 };
  }
  const thinking = thinkingBlocks(request, directives.thinkingTokens);
  const calls = toolCalls(request, directives.tools);
  if (calls.length > 0) {
    const content = [...thinking, ...calls];
    if (tokensOf(content) <= request.maxTokens) return answer(content, "tool_use");
  }
  const format = outputFormat(request);
  const text =
    format !== null
      ? JSON.stringify(sampleOf(schemaOf(format)))
      : textOfTokens(directives.answerTokens ?? defaultTokens);
  const content = [...thinking, textBlock(text)];
  if (calls.length === 0 && tokensOf(content) <= request.maxTokens) return answer(content, "end_turn");
  // Cut short: what fits of the text alone, as nobody can continue from half a tool call.
  return answer([textBlock(text.slice(0, request.maxTokens * CHARACTERS_PER_TOKEN))], "max_tokens");
}

function answer(content: readonly ContentBlock[], stopReason: StopReason): Answer {
  const thinking = content.filter((block) => block.type === "thinking");
  return { content, stopReason, outputTokens: tokensOf(content), thinkingTokens: tokensOf(thinking) };
}

function tokensOf(content: readonly ContentBlock[]): number {
  return content.reduce((sum, block) => sum + tokensOfCharacters(spokenText(block).length), 0);
}

/** What a block's deltas add up to. */
export function spokenText(block: ContentBlock): string {
  if (block.type === "text") return block.text;
  if (block.type === "thinking") return block.thinking;
  return block.type === "tool_use" ? JSON.stringify(block.input) : "";
}

function textOfTokens(tokens: number): string {
  const characters = Math.max(1, tokens) * CHARACTERS_PER_TOKEN;
  return SENTENCE.repeat(Math.ceil(characters / SENTENCE.length)).slice(0, characters);
}

function textBlock(text: string): ContentBlock {
  return { type: "text", text, citations: null };
}

function thinkingBlocks(request: MessagesRequest, tokens: number | null): readonly ContentBlock[] {
  if (tokens === null || thinkingMode(request) === "disabled") return [];
  const signature = Buffer.from(`emulated thinking of ${tokens} tokens`).toString("base64");
  return [{ type: "thinking", thinking: textOfTokens(tokens), signature }];
}

/** Calls that the person's text asks for, as far as the tools are declared; else the one that is forced. */
function toolCalls(request: MessagesRequest, asked: Directives["tools"]): readonly ContentBlock[] {
  const choice = toolChoice(request);
  if (choice.type === "none") return [];
  const declared = new Map(request.tools.map((tool) => [tool.name, tool]));
  const wanted = asked.filter(
    (call) => declared.has(call.name) && (choice.type !== "tool" || choice.name === call.name),
  );
  if (wanted.length > 0) return wanted.map((call) => toolUse(call.name, call.input));
  if (!forcesTool(choice)) return [];
  const named = request.tools.filter((tool) => typeof tool.name === "string");
  const tool = choice.type === "any" ? named[0] : declared.get(choice.name);
  return tool === undefined ? [] : [toolUse(textOf(tool.name), sampleOf(tool.input_schema))];
}

function toolUse(name: string, input: Json): ContentBlock {
  const id = `toolu_${randomBytes(12).toString("hex")}`;
  return { type: "tool_use", id, name, input, caller: { type: "direct" } };
}

/** `output_config.format` holds the schema itself; an older spelling nests it under `json_schema`. */
function schemaOf(format: JsonObject): Json | undefined {
  const nested = format.json_schema;
  return format.schema ?? (isObject(nested) ? nested.schema : undefined);
}
