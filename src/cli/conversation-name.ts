/** What conversations are called in a terminal, and which one a word stands for. */
import { namesAmong as among, type Known, type Names, ownPart } from "../hub/index.ts";
import { printable } from "./printable.ts";

export type { Known, Names } from "../hub/index.ts";

/** As on every surface, and nothing that a terminal would take as a command. */
export function namesAmong(all: readonly Known[]): Names {
  const { nameOf, shortId } = among(all);
  return { nameOf: (known) => printable(nameOf(known)), shortId: (id) => printable(shortId(id)) };
}

export function nameOf(conversation: Known, all: readonly Known[]): string {
  return namesAmong(all).nameOf(conversation);
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
