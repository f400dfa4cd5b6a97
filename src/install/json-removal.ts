/** Takes a member or an item out of a JSON text; comments, and how the rest is written, stay. */
import { createScanner, findNodeAtLocation, type Node, parseTree } from "jsonc-parser";
import type { JsonPath } from "./host-plugin.ts";

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Null where there is nothing in that place. */
export function withoutPlace(text: string, place: JsonPath): string | null {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const value = root && findNodeAtLocation(root, [...place]);
  const node = value?.parent?.type === "property" ? value.parent : value;
  if (!node?.parent) return null;
  const { children = [], offset, length } = node.parent;
  const emptied =
    children.length === 1 ? emptyContainer(text, node, { start: offset, end: offset + length }) : null;
  if (emptied !== null) return emptied;
  // From the end, so that each still stands where it was found.
  return rangesOf(text, node, children)
    .toSorted((a, b) => b.start - a.start)
    .reduce((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text);
}

/** The node, and the comma that goes with it: its own, or where it is the last the one before it. */
function rangesOf(text: string, node: Node, siblings: readonly Node[]): Range[] {
  const range = rangeOf(node);
  const own = commaAfter(text, node);
  if (own === null) {
    const previous = siblings[siblings.indexOf(node) - 1];
    const comma = previous && commaAfter(text, previous);
    return [wholeLine(text, range, false), ...(comma ? [comma] : [])];
  }
  const isNext = /^\s*$/.test(text.slice(range.end, own.start));
  return isNext ? [wholeLine(text, { ...range, end: own.end }, true)] : [wholeLine(text, range, false), own];
}

function rangeOf({ offset, length }: Node): Range {
  return { start: offset, end: offset + length };
}

/** Brackets with nothing between them, unless there is something to keep. */
function emptyContainer(text: string, node: Node, container: Range): string | null {
  const { start, end } = rangeOf(node);
  const inside = text.slice(container.start + 1, start) + text.slice(end, container.end - 1);
  if (!/^[\s,]*$/.test(inside)) return null;
  return text.slice(0, container.start + 1) + text.slice(container.end - 1);
}

/** The comma that follows, comments in between or not. */
export function commaAfter(text: string, node: Node): Range | null {
  const scanner = createScanner(text, true);
  scanner.setPosition(node.offset + node.length);
  scanner.scan();
  const start = scanner.getTokenOffset();
  return text[start] === "," ? { start, end: start + 1 } : null;
}

/** With its line where nothing else is on it; otherwise with the space on the side where it parts two values. */
function wholeLine(text: string, { start, end }: Range, hasComma: boolean): Range {
  const before = /(\r?\n)?[ \t]*$/.exec(text.slice(0, start))?.[0] ?? "";
  const isAlone = before.includes("\n") && /^[ \t]*(\r?\n|$)/.test(text.slice(end));
  if (!isAlone && (hasComma || before.includes("\n"))) return { start, end: end + spacesAt(text, end) };
  return { start: start - before.length, end };
}

function spacesAt(text: string, offset: number): number {
  return /^[ \t]*/.exec(text.slice(offset))?.[0].length ?? 0;
}
