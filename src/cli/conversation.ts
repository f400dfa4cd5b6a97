/** Which conversation a person means. */
import { didYouMean } from "../config/index.ts";
import type { ControlClient, ConversationView } from "../hub/index.ts";
import { UNNAMED_PREFIX } from "../pure.ts";
import { calledSo, nameOf, namesAmong } from "./conversation-name.ts";
import { UsageError } from "./errors.ts";
import { runningGateway } from "./gateway.ts";
import { printable } from "./printable.ts";

export interface Meant {
  readonly gateway: ControlClient;
  /** Those that are open. */
  readonly conversations: readonly ConversationView[];
  readonly id: string;
  /** As a person would call it. */
  readonly name: string;
  /** Null: none of that name is open. */
  readonly open: ConversationView | null;
}

/**
 * @param word an id, a project's folder, or the beginning of either; where it is left out, that of the Claude Code which
 * this was run in is meant, else the only one that is open
 * @throws where that is not clear, or no gateway is running
 */
export async function conversationMeant(word: string | undefined): Promise<Meant> {
  const gateway = await runningGateway();
  const { conversations } = await gateway.status();
  const open =
    word === undefined ? (ownOf(conversations) ?? onlyOne(conversations)) : oneOf(conversations, word);
  const name = open === null ? printable(word ?? "") : nameOf(open, conversations);
  return { gateway, conversations, id: open?.id ?? word ?? "", name, open };
}

const LISTED = "keepwarm status lists those that are";

/** As {@link conversationMeant}, and it is open. */
export async function openConversation(
  word: string | undefined,
): Promise<Meant & { readonly open: ConversationView }> {
  const meant = await conversationMeant(word);
  const { open } = meant;
  if (open === null) throw notOpen(meant, LISTED);
  return { ...meant, open };
}

/** As {@link conversationMeant}. One that is not open is meant only where that is said: a name is soon misspelt. */
export async function conversationToChange(word: string | undefined, store: boolean): Promise<Meant> {
  const meant = await conversationMeant(word);
  if (meant.open !== null || store) return meant;
  // One that no client named does not come again.
  const comesAgain = !meant.id.startsWith(UNNAMED_PREFIX);
  throw notOpen(meant, comesAgain ? "--store keeps the choice for one that is still to come" : LISTED);
}

function notOpen({ id, name, conversations }: Meant, otherwise: string): Error {
  const known = conversations.flatMap(({ id, folder }) => (folder === null ? [id] : [folder, id]));
  const hint = printable(didYouMean(id, known));
  return new Error(`no conversation ${name} is open${hint === "" ? ":" : `.${hint}`} ${otherwise}`);
}

function oneOf(conversations: readonly ConversationView[], word: string): ConversationView | null {
  if (word === "") throw new UsageError("a conversation's id cannot be empty");
  const matches = calledSo(conversations, word);
  if (matches.length < 2) return matches[0] ?? null;
  const { shortId } = namesAmong(conversations);
  // The folder has been said already.
  const which = matches.every(({ folder }) => folder === word)
    ? matches.map(({ id }) => shortId(id)).join(", ")
    : listed(matches, conversations);
  throw new UsageError(`${printable(word)} may be any of these, so say which by its id: ${which}`);
}

/** What runs in a shell of Claude Code's is told whose shell it is. */
function ownOf(conversations: readonly ConversationView[]): ConversationView | undefined {
  const session = process.env.CLAUDE_CODE_SESSION_ID;
  return conversations.find(({ id }) => id === session);
}

function onlyOne(conversations: readonly ConversationView[]): ConversationView {
  const [only, ...others] = conversations;
  if (only === undefined) throw new Error("no conversation is open");
  if (others.length === 0) return only;
  throw new UsageError(
    `several conversations are open, so say which: ${listed(conversations, conversations)}`,
  );
}

function listed(some: readonly ConversationView[], all: readonly ConversationView[]): string {
  return some.map((view) => nameOf(view, all)).join(", ");
}
