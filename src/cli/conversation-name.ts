/** What conversations are called, and which one a word stands for. */
import type { ConversationView } from "../hub/index.ts";
import { UNNAMED_PREFIX } from "../pure.ts";
import { printable } from "./printable.ts";

/** What it takes to know a conversation by. */
export type Known = Pick<ConversationView, "id" | "folder">;

/** Its project's folder, or as much of its id as tells it from the others; both where others share the folder. */
export function nameOf({ id, folder }: Known, all: readonly Known[]): string {
  const short = shortId(id, all);
  if (folder === null) return short;
  const others = all.filter((other) => other.folder === folder && other.id !== id);
  return others.length === 0 ? printable(folder) : `${printable(folder)} ${short}`;
}

/** An id that a machine made, as far as it takes to tell it from the others; any other whole. */
export function shortId(id: string, all: readonly Known[]): string {
  const own = ownPart(id);
  const short = own.slice(0, tellingLength(own));
  const isUnique = all.filter((other) => ownPart(other.id).startsWith(short)).length < 2;
  return printable(isUnique ? short : id);
}

/** Of an id of ours, what follows the prefix that all of them have. */
function ownPart(id: string): string {
  return id.startsWith(UNNAMED_PREFIX) ? id.slice(UNNAMED_PREFIX.length) : id;
}

/** The first group of a UUID; a few letters of OpenCode's `ses_…`. */
function tellingLength(id: string): number {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}(-|$)/i.test(id)) return 8;
  return /^ses_\w{16,}$/.test(id) ? 12 : id.length;
}

/**
 * The conversations that a word may stand for: an id goes before a folder, and either before the beginning of one. Of
 * an id without a name, what follows the prefix will do.
 */
export function calledSo<Of extends Known>(conversations: readonly Of[], word: string): Of[] {
  const same = conversations.filter(({ id }) => id === word);
  if (same.length > 0) return same;
  const there = conversations.filter(({ folder }) => folder === word);
  if (there.length > 0) return there;
  return conversations.filter(
    ({ id, folder }) => id.startsWith(word) || ownPart(id).startsWith(word) || folder?.startsWith(word),
  );
}
