/** Changes a JSON text in one place and remembers how to take that back; all other bytes stay as they are. */
import { isDeepStrictEqual } from "node:util";
import {
  applyEdits,
  type FormattingOptions,
  findNodeAtLocation,
  modify,
  type ParseError,
  parse,
  parseTree,
} from "jsonc-parser";
import { type ConfigEdit, InstallError, type JsonPath } from "./host-plugin.ts";
import { commaAfter, withoutPlace } from "./json-removal.ts";
import { depthOf, isContainer, valueAt, withValue } from "./json-value.ts";

export type Edit = Pick<ConfigEdit, "kind" | "path" | "value">;

/** What one edit did to a text. */
export interface Change {
  readonly edit: Edit;
  /** In UTF-16 units, of the text before as of the text after. */
  readonly offset: number;
  readonly removed: string;
  readonly inserted: string;
  /** How many steps of the edit's path led somewhere before. */
  readonly depth: number;
  /** What a `set` took the place of; left out where nothing was. What is only added to is nobody's to copy. */
  readonly previous?: unknown;
}

export interface Edited {
  readonly text: string;
  readonly change: Change;
}

/** @throws {InstallError} when it is no JSON object */
export function parseSettings(text: string, file: string): unknown {
  const value = parsed(text);
  if (isContainer(value) && !Array.isArray(value)) return value;
  throw new InstallError(
    `${file} holds no JSON object that keepwarm can read, so it was left alone: correct it first`,
  );
}

/** Null: the text says so already. @throws {InstallError} when it has something else in that place */
export function withEdit(text: string, edit: Edit, file: string): Edited | null {
  const document = parseSettings(text, file);
  if (isInPlace(document, edit)) return null;
  const { path, value, kind } = edit;
  refuseObstacle(document, edit, file);
  const list = valueAt(document, path);
  const place = kind === "add" ? [...path, Array.isArray(list) ? list.length : 0] : path;
  const after =
    (kind === "add" ? appended(text, path, value) : null) ?? modified(text, place, value, kind === "add");
  const hadComma = parsed(text, false) === undefined;
  if (!isDeepStrictEqual(parsed(after, hadComma), withValue(document, place, value))) {
    throw new InstallError(`${file} could not be changed without harm, so it was left alone`);
  }
  const change = { edit, ...difference(text, after), depth: depthOf(document, path) };
  const isReplaced = kind !== "add" && list !== undefined;
  return { text: after, change: isReplaced ? { ...change, previous: list } : change };
}

/** Whether the document says already what the edit wants. */
export function isInPlace(document: unknown, { kind, path, value }: Edit): boolean {
  const there = valueAt(document, path);
  if (kind === "add") return Array.isArray(there) && there.some((one) => isDeepStrictEqual(one, value));
  if (kind === "set-if-missing" && there !== undefined) return true;
  return isDeepStrictEqual(there, value);
}

/**
 * The text without what an edit did: byte for byte as it was, where that place has not been touched since;
 * otherwise without our entry, and all else as it stands.
 *
 * @param change left out, nobody knows any more how the entry came there
 * @throws {InstallError} when it is no JSON, or cannot be taken out
 */
export function withoutEdit(text: string, edit: Edit, change: Change | undefined, file: string): string {
  const document = parseSettings(text, file);
  const removal = removalOf(document, edit, change);
  if (removal === null) return text;
  const expected = withValue(document, removal.place, removal.value);
  const candidates = [
    ...(change === undefined ? [] : [atOffset(text, change), atOnlyPlace(text, change)]),
    removal.value === undefined
      ? withoutPlace(text, removal.place)
      : modified(text, removal.place, removal.value, false),
  ];
  // A comma too many is left only where there was one: not every program takes it.
  const hadComma = parsed(text, false) === undefined;
  const found = candidates.find((one) => one !== null && isDeepStrictEqual(parsed(one, hadComma), expected));
  if (found !== undefined && found !== null) return found;
  throw new InstallError(
    `the entry ${JSON.stringify(edit.value)} could not be taken out of ${file}: do so by hand`,
  );
}

interface Removal {
  readonly place: JsonPath;
  /** Undefined: nothing. */
  readonly value?: unknown;
}

/** Null: it is not there any more, or is not ours. */
function removalOf(document: unknown, edit: Edit, change: Change | undefined): Removal | null {
  const { kind, path, value } = edit;
  const there = valueAt(document, path);
  if (kind !== "add") {
    if (!isDeepStrictEqual(there, value)) return null;
    if (change?.previous !== undefined) return { place: path, value: change.previous };
    return { place: outermost(document, path, change) };
  }
  if (!Array.isArray(there)) return null;
  const index = there.findIndex((one) => isDeepStrictEqual(one, value));
  if (index === -1) return null;
  const wasMade = change !== undefined && change.depth < path.length;
  if (there.length > 1 || !wasMade) return { place: [...path, index] };
  return { place: outermost(document, path, change) };
}

/** What goes with the place at `path`: the containers that came with it and hold nothing else. */
function outermost(document: unknown, path: JsonPath, change: Change | undefined): JsonPath {
  const depth = change?.depth ?? path.length;
  let place = path;
  while (place.length - 1 > depth) {
    const parent = valueAt(document, place.slice(0, -1));
    if (!isContainer(parent) || Object.keys(parent).length > 1) break;
    place = place.slice(0, -1);
  }
  return place;
}

/** On the way there may be nothing, or containers; what is to be added to must be a list. */
function refuseObstacle(document: unknown, { kind, path }: Edit, file: string): void {
  const steps = kind === "add" ? path.length : path.length - 1;
  for (let step = 1; step <= steps; step++) {
    const place = path.slice(0, step);
    const there = valueAt(document, place);
    if (there === undefined) return;
    const mustBeList = step === path.length || typeof path[step] === "number";
    if (mustBeList ? Array.isArray(there) : isContainer(there) && !Array.isArray(there)) continue;
    throw new InstallError(
      `${place.join(".")} in ${file} is no ${mustBeList ? "list" : "object"}, so it was left alone: correct it first`,
    );
  }
}

function atOffset(text: string, { offset, removed, inserted }: Change): string | null {
  if (!text.startsWith(inserted, offset)) return null;
  return text.slice(0, offset) + removed + text.slice(offset + inserted.length);
}

function atOnlyPlace(text: string, change: Change): string | null {
  const { inserted } = change;
  const offset = text.indexOf(inserted);
  if (inserted === "" || offset === -1 || text.indexOf(inserted, offset + 1) !== -1) return null;
  return atOffset(text, { ...change, offset });
}

/** Undefined when it is no JSON. */
function parsed(text: string, allowTrailingComma = true): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma });
  return errors.length === 0 ? value : undefined;
}

function modified(text: string, place: JsonPath, value: unknown, isArrayInsertion: boolean): string {
  const options = isOneLine(text)
    ? { isArrayInsertion }
    : { formattingOptions: formatOf(text), isArrayInsertion };
  return applyEdits(text, modify(text, [...place], value, options));
}

/** Formatting what is put in would break it up whole. */
function isOneLine(text: string): boolean {
  return /^\s*\{[^\r\n]*[^\s{}][^\r\n]*\}\s*$/.test(text);
}

/** Behind the last item of a list, in the way that one stands; null where there is none. It is left as it is written. */
function appended(text: string, list: JsonPath, value: unknown): string | null {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const last = root && findNodeAtLocation(root, [...list])?.children?.at(-1);
  if (!last || commaAfter(text, last) !== null) return null;
  const end = last.offset + last.length;
  const lead = /\r?\n[ \t]*$/.exec(text.slice(0, last.offset))?.[0] ?? " ";
  return `${text.slice(0, end)},${lead}${JSON.stringify(value)}${text.slice(end)}`;
}

/** As the text is written already. */
function formatOf(text: string): FormattingOptions {
  const [, indent = "  "] = /\n([ \t]+)\S/.exec(text) ?? [];
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}

function difference(before: string, after: string): Pick<Change, "offset" | "removed" | "inserted"> {
  let offset = 0;
  const least = Math.min(before.length, after.length);
  while (offset < least && before[offset] === after[offset]) offset++;
  let tail = 0;
  while (tail < least - offset && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return {
    offset,
    removed: before.slice(offset, before.length - tail),
    inserted: after.slice(offset, after.length - tail),
  };
}
