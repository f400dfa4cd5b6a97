import { isObject, type Json, type JsonObject, objectsOf, textOf } from "./json.ts";

/**
 * Characters (UTF-16 units) that make one token. Not a tokenizer: a stable rule that costs nothing, close
 * to what English text and code come to.
 */
export const CHARACTERS_PER_TOKEN = 4;

/** Tokens of any image, whatever its size: what the API charges for one of about 1.15 megapixels. */
export const IMAGE_TOKENS = 1_600;

/** Tokens of a document whose text cannot be read here (a PDF, a URL, a file). */
export const OPAQUE_DOCUMENT_TOKENS = 3_000;

/** Tokens of a stretch of characters, rounded up. */
export function tokensOfCharacters(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/**
 * Tokens of one block. Text and thinking count their text, images and opaque documents a fixed number,
 * blocks that hold blocks the sum of what they hold, and everything else its JSON.
 */
export function tokensOfBlock(block: JsonObject, json = JSON.stringify): number {
  switch (block.type) {
    case "text":
      return tokensOfCharacters(textOf(block.text).length);
    case "thinking":
      return tokensOfCharacters(textOf(block.thinking).length);
    case "redacted_thinking":
      return tokensOfCharacters(textOf(block.data).length);
    case "image":
      return IMAGE_TOKENS;
    case "tool_result":
    case "search_result":
      return 1 + tokensOfContent(block.content);
    case "document":
      return 1 + tokensOfDocument(block.source);
    default:
      return Math.max(1, tokensOfCharacters(json(block).length));
  }
}

function tokensOfContent(content: Json | undefined): number {
  if (typeof content === "string") return tokensOfCharacters(content.length);
  return objectsOf(content).reduce((sum, part) => sum + tokensOfBlock(part), 0);
}

function tokensOfDocument(source: Json | undefined): number {
  if (!isObject(source)) return 0;
  if (source.type === "text") return tokensOfCharacters(textOf(source.data).length);
  if (source.type === "content") return tokensOfContent(source.content);
  return OPAQUE_DOCUMENT_TOKENS;
}
