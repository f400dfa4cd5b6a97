/** What conversations are called, on the page as in the terminal. */
import { UNNAMED_PREFIX } from "../../pure.ts";
import type { ConversationView } from "./conversation.ts";

/** What it takes to know a conversation by. */
export type Known = Pick<ConversationView, "id" | "folder">;

/** How conversations are called among these. */
export interface Names {
  /** Its project's folder, or its short id where that is not known; both where others share the folder. */
  nameOf(conversation: Known): string;
  /** An id that a machine made, as far as it takes to tell it from the others; any other whole. */
  shortId(id: string): string;
}

export function namesAmong(all: readonly Known[]): Names {
  const folders = counted(all.map(({ folder }) => folder));
  const beginnings = counted(all.flatMap(({ id }) => LENGTHS.map((length) => ownPart(id).slice(0, length))));

  function shortId(id: string): string {
    const own = ownPart(id);
    const length = tellingLength(own);
    if (length === null) return own;
    const short = own.slice(0, length);
    return (beginnings.get(short) ?? 0) < 2 ? short : id;
  }

  return {
    shortId,
    nameOf({ id, folder }) {
      if (folder === null || folder === "") return shortId(id);
      return (folders.get(folder) ?? 0) < 2 ? folder : `${folder} ${shortId(id)}`;
    },
  };
}

function counted<Key>(keys: readonly Key[]): ReadonlyMap<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Of an id of ours, what follows the prefix that all of them have. */
export function ownPart(id: string): string {
  return id.startsWith(UNNAMED_PREFIX) ? id.slice(UNNAMED_PREFIX.length) : id;
}

const UUID_GROUP = 8;
const SESSION_BEGINNING = 12;
const LENGTHS = [UUID_GROUP, SESSION_BEGINNING];

/** The first group of a UUID; a few letters of OpenCode's `ses_…`. Null: a person may have chosen it. */
function tellingLength(id: string): number | null {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}(-|$)/i.test(id)) return UUID_GROUP;
  return /^ses_\w{16,}$/.test(id) ? SESSION_BEGINNING : null;
}
