import { invalid } from "./errors.ts";
import { isObject, type Json, type JsonObject, objectsOf, textOf } from "./json.ts";

export type Ttl = "5m" | "1h";

/** A `cache_control` as the client wrote it. */
export interface Marker {
  readonly ttl: Ttl;
  /** Where it stands, for error messages: `messages.3.content.1`. */
  readonly path: string;
}

/** What keeps a block from being a breakpoint; null when nothing does. */
export type Obstacle = string | null;

/** Reads the `cache_control` of an object. Null means the same as leaving it out. */
export function readMarker(holder: JsonObject, path: string): Marker | null {
  const control = holder.cache_control;
  if (control === undefined || control === null) return null;
  if (!isObject(control)) throw invalid(`${path}.cache_control: Input should be an object`);
  if (control.type !== "ephemeral") {
    throw invalid(`${path}.cache_control.type: Input should be 'ephemeral'`);
  }
  const ttl = control.ttl ?? "5m";
  if (ttl !== "5m" && ttl !== "1h") throw invalid(`${path}.cache_control.ttl: Input should be '5m' or '1h'`);
  return { ttl, path };
}

/**
 * Why a block cannot be a breakpoint, automatic or explicit (docs/prompt-caching.md row 1.20).
 * It is still part of the prefix: only the marker is refused.
 */
export function obstacleOf(block: JsonObject): Obstacle {
  const type = block.type;
  if (type === "thinking" || type === "redacted_thinking") return "Extra inputs are not permitted";
  if (type === "text" && textOf(block.text) === "") return "cannot be set for empty text blocks";
  if (block.defer_loading === true) return "cannot be set on tools with defer_loading=true";
  return null;
}

/**
 * The marker of a block, its own or one lifted from inside it: on the last sub-block of
 * `tool_result.content` or `document.source.content` a marker counts for the whole block, and anywhere
 * else inside it is an error (docs/prompt-caching.md row 1.22).
 */
export function markerOf(block: JsonObject, path: string): Marker | null {
  const own = readMarker(block, path);
  const inside = subBlocksOf(block);
  let lifted: Marker | null = null;
  for (const [index, part] of inside.entries()) {
    const marker = readMarker(part, `${path}.content.${index}`);
    if (marker === null) continue;
    if (index !== inside.length - 1) {
      throw invalid(`${marker.path}.cache_control: only the last block inside a block may be marked`);
    }
    refuseObstacle(part, marker.path);
    lifted = { ttl: marker.ttl, path };
  }
  if (own !== null && lifted !== null && own.ttl !== lifted.ttl) {
    throw invalid(`${path}.cache_control.ttl: conflicts with the marker of its last inner block`);
  }
  refuseHidden(block, path);
  const marker = own ?? lifted;
  if (marker !== null) refuseObstacle(block, path);
  return marker;
}

/** The block as it is hashed: markers are not part of the prefix, so moving one changes nothing. */
export function withoutMarkers(block: JsonObject): JsonObject {
  const { cache_control: _, ...bare } = block;
  const source = bare.source;
  if (bare.type === "tool_result" && Array.isArray(bare.content)) {
    return { ...bare, content: bare.content.map(unmarked) };
  }
  if (bare.type === "document" && isObject(source) && Array.isArray(source.content)) {
    return { ...bare, source: { ...source, content: source.content.map(unmarked) } };
  }
  return bare;
}

function unmarked(value: Json): Json {
  if (!isObject(value) || value.cache_control === undefined) return value;
  const { cache_control: _, ...bare } = value;
  return bare;
}

function subBlocksOf(block: JsonObject): readonly JsonObject[] {
  if (block.type === "tool_result") return objectsOf(block.content);
  const source = block.source;
  return block.type === "document" && isObject(source) ? objectsOf(source.content) : [];
}

function refuseObstacle(block: JsonObject, path: string): void {
  const obstacle = obstacleOf(block);
  if (obstacle === null) return;
  const at = block.type === "text" ? `${path}.text` : path;
  throw invalid(`${at}: cache_control ${obstacle}`);
}

/** Sub-content has no positions of its own: citations, and the members of a computer or browser toolset. */
function refuseHidden(block: JsonObject, path: string): void {
  for (const [index, citation] of objectsOf(block.citations).entries()) {
    if (citation.cache_control !== undefined) {
      throw invalid(`${path}.citations.${index}.cache_control: Extra inputs are not permitted`);
    }
  }
  const configs = block.configs;
  if (!isObject(configs)) return;
  for (const [member, config] of Object.entries(configs)) {
    if (isObject(config) && config.cache_control !== undefined) {
      throw invalid(`${path}.configs.${member}.cache_control: Extra inputs are not permitted`);
    }
  }
}
