import type { Block } from "./blocks.ts";
import { invalid } from "./errors.ts";
import type { Json } from "./json.ts";
import { type Marker, readMarker, type Ttl } from "./markers.ts";

/** Breakpoints a request may have (docs/prompt-caching.md row 1.6). */
export const MAX_BREAKPOINTS = 4;

/** A position at which a prefix is looked up and an entry is written. */
export interface Breakpoint {
  /** Index of the block. */
  readonly index: number;
  readonly ttl: Ttl;
  readonly origin: "explicit" | "automatic" | "server-tool";
}

/** Results of server tools, behind which the API caches on its own (docs/prompt-caching.md row 1.23). */
const SERVER_TOOL_RESULTS: ReadonlySet<string> = new Set([
  "web_search_tool_result",
  "web_fetch_tool_result",
  "code_execution_tool_result",
  "bash_code_execution_tool_result",
  "text_editor_code_execution_tool_result",
]);

/**
 * The breakpoints of a request in prefix order: the explicit markers, the one of top-level automatic
 * caching, and those that server-tool results bring along.
 * @throws ApiError 400 for more than four, for a longer TTL after a shorter one, for an automatic
 *   breakpoint that conflicts with an explicit one.
 */
export function breakpointsOf(blocks: readonly Block[], topLevel: Json | undefined): readonly Breakpoint[] {
  const explicit: Breakpoint[] = [];
  for (const [index, { marker }] of blocks.entries()) {
    if (marker !== null) explicit.push({ index, ttl: marker.ttl, origin: "explicit" });
  }
  if (explicit.length > MAX_BREAKPOINTS) {
    throw invalid(
      `A maximum of ${MAX_BREAKPOINTS} blocks with cache_control may be provided. Found ${explicit.length}.`,
    );
  }
  const automatic = readMarker({ cache_control: topLevel }, "cache_control");
  const asked = automatic === null ? explicit : withAutomatic(blocks, explicit, automatic);
  refuseRisingTtl(blocks, asked);
  return asked.length === 0 ? [] : withServerTools(blocks, asked);
}

function withAutomatic(
  blocks: readonly Block[],
  explicit: readonly Breakpoint[],
  automatic: Marker,
): readonly Breakpoint[] {
  const index = blocks.findLastIndex((block) => block.markable);
  if (index === -1) return explicit;
  const there = explicit.find((breakpoint) => breakpoint.index === index);
  if (there !== undefined) {
    // Asked before the count: where automatic caching has nothing to add it needs no slot.
    if (there.ttl === automatic.ttl) return explicit;
    throw invalid(
      `cache_control: the last cacheable block is marked ttl='${there.ttl}', automatic caching asks for ttl='${automatic.ttl}'`,
    );
  }
  if (explicit.length === MAX_BREAKPOINTS) {
    throw invalid(
      `A maximum of ${MAX_BREAKPOINTS} blocks with cache_control may be provided. No slot is left for automatic caching.`,
    );
  }
  return inOrder([...explicit, { index, ttl: automatic.ttl, origin: "automatic" }]);
}

function refuseRisingTtl(blocks: readonly Block[], breakpoints: readonly Breakpoint[]): void {
  let seen5m = false;
  for (const { index, ttl } of breakpoints) {
    if (ttl === "1h" && seen5m) {
      const path = blocks[index]?.marker?.path;
      throw invalid(
        `${path === undefined ? "" : `${path}.`}cache_control.ttl: a ttl='1h' cache_control block must not come after a ` +
          "ttl='5m' cache_control block. Note that blocks are processed in the following order: tools, system, messages.",
      );
    }
    seen5m ||= ttl === "5m";
  }
}

/** The API's own breakpoints take no slot and are always 5m, whatever TTL the request uses. */
function withServerTools(blocks: readonly Block[], asked: readonly Breakpoint[]): readonly Breakpoint[] {
  const marked = new Set(asked.map((breakpoint) => breakpoint.index));
  const added: Breakpoint[] = [];
  for (const [index, block] of blocks.entries()) {
    if (SERVER_TOOL_RESULTS.has(block.type) && !marked.has(index)) {
      added.push({ index, ttl: "5m", origin: "server-tool" });
    }
  }
  return inOrder([...asked, ...added]);
}

function inOrder(breakpoints: readonly Breakpoint[]): readonly Breakpoint[] {
  return breakpoints.toSorted((a, b) => a.index - b.index);
}
