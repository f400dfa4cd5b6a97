/** Which conversation a person means. */
import type { ControlClient, ConversationView } from "../hub/index.ts";
import { UNNAMED_PREFIX } from "../pure.ts";
import { UsageError } from "./errors.ts";
import { runningGateway } from "./gateway.ts";
import { printable } from "./printable.ts";

export interface Meant {
  readonly gateway: ControlClient;
  /** Those that are open. */
  readonly conversations: readonly ConversationView[];
  readonly id: string;
  /** Null: none of that id is open. */
  readonly open: ConversationView | null;
}

/**
 * @param word an id or its beginning; where it is left out, the only conversation that is open is meant
 * @throws where that is not clear, or no gateway is running
 */
export async function conversationMeant(word: string | undefined): Promise<Meant> {
  const gateway = await runningGateway();
  const { conversations } = await gateway.status();
  const open = word === undefined ? onlyOne(conversations) : beginningWith(conversations, word);
  return { gateway, conversations, id: open?.id ?? word ?? "", open };
}

/** An exact id goes before the beginning of one; of one without a name, what follows the prefix will do. */
function beginningWith(conversations: readonly ConversationView[], word: string): ConversationView | null {
  if (word === "") throw new UsageError("a conversation's id cannot be empty");
  const same = conversations.find(({ id }) => id === word);
  if (same) return same;
  const matches = conversations.filter(
    ({ id, named }) => id.startsWith(word) || (!named && id.startsWith(UNNAMED_PREFIX + word)),
  );
  if (matches.length < 2) return matches[0] ?? null;
  throw new UsageError(`${printable(word)} may be any of these, so write more of it: ${listed(matches)}`);
}

function onlyOne(conversations: readonly ConversationView[]): ConversationView {
  const [only, ...others] = conversations;
  if (only === undefined) throw new Error("no conversation is open");
  if (others.length === 0) return only;
  throw new UsageError(`several conversations are open, so say which: ${listed(conversations)}`);
}

/** How it is shown: an id of ours as far as it takes to tell it from the others. */
export function shownId(id: string, conversations: readonly ConversationView[]): string {
  if (!id.startsWith(UNNAMED_PREFIX)) return printable(id);
  const short = id.slice(0, UNNAMED_PREFIX.length + SHORT_LENGTH);
  const isUnique = conversations.filter((other) => other.id.startsWith(short)).length < 2;
  return printable(isUnique ? short : id);
}

/** The first group of a UUID. */
const SHORT_LENGTH = 8;

function listed(conversations: readonly ConversationView[]): string {
  return conversations.map(({ id }) => shownId(id, conversations)).join(", ");
}
