import { invalid } from "./errors.ts";
import { isObject, type Json, type JsonObject, objectsOf, textOf } from "./json.ts";
import { type ModelSpec, modelOrDefault } from "./models.ts";

export interface MessageParam {
  readonly role: "user" | "assistant" | "system";
  readonly content: readonly JsonObject[];
  /** Fields besides role and content, such as `clear_at`. */
  readonly fields: JsonObject;
}

/** A Messages request whose outer shape has been checked. */
export interface MessagesRequest {
  readonly body: JsonObject;
  readonly model: string;
  readonly spec: ModelSpec;
  readonly tools: readonly JsonObject[];
  readonly system: readonly JsonObject[];
  readonly messages: readonly MessageParam[];
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly speed: "fast" | "standard";
  /** The set of `anthropic-beta` values, sorted: neither order nor repetition means anything. */
  readonly betas: readonly string[];
}

export function parseBody(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("The request body is not valid JSON.");
  }
  if (!isObject(value)) throw invalid("The request body must be a JSON object.");
  return value;
}

export function parseRequest(body: JsonObject, betaHeader: string): MessagesRequest {
  const model = textOf(body.model);
  if (model === "") throw invalid("model: Field required");
  const maxTokens = body.max_tokens;
  if (typeof maxTokens !== "number") throw invalid("max_tokens: Field required");
  if (!Number.isInteger(maxTokens) || maxTokens < 0) {
    throw invalid("max_tokens: Input should be greater than or equal to 0");
  }
  return {
    body,
    model,
    spec: modelOrDefault(model),
    tools: listOf(body.tools, "tools"),
    system: contentBlocks(body.system, "system"),
    messages: parseMessages(body.messages),
    maxTokens,
    stream: body.stream === true,
    speed: body.speed === "fast" ? "fast" : "standard",
    betas: parseBetas(betaHeader),
  };
}

export function parseMessages(value: Json | undefined): readonly MessageParam[] {
  if (!Array.isArray(value)) throw invalid("messages: Field required");
  if (value.length === 0) throw invalid("messages: at least one message is required");
  return value.map((message, index) => {
    const path = `messages.${index}`;
    if (!isObject(message)) throw invalid(`${path}: Input should be an object`);
    const { role, content, ...fields } = message;
    if (role !== "user" && role !== "assistant" && role !== "system") {
      throw invalid(`${path}.role: Input should be 'user', 'assistant' or 'system'`);
    }
    if (content === undefined && role !== "system") throw invalid(`${path}.content: Field required`);
    return { role, content: contentBlocks(content, `${path}.content`), fields };
  });
}

/** A string is shorthand for one text block (SDK, `MessageCreateParamsBase.messages`). */
function contentBlocks(value: Json | undefined, path: string): readonly JsonObject[] {
  return typeof value === "string" ? [{ type: "text", text: value }] : listOf(value, path);
}

function listOf(value: Json | undefined, path: string): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject)) {
    throw invalid(`${path}: Input should be a valid list of objects`);
  }
  return objectsOf(value);
}

function parseBetas(header: string): readonly string[] {
  const names = header.split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))].sort();
}
