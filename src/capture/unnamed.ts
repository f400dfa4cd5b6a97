/** Which conversation a request without a name belongs to, as its messages and its client tell. */
import { sharedMessages, type ThreadPrint } from "../anthropic/index.ts";
import { UNNAMED_PREFIX } from "../pure.ts";
import type { CapturedConversation } from "./captured-conversation.ts";

export function isUnnamed(conversationId: string): boolean {
  return conversationId.startsWith(UNNAMED_PREFIX);
}

/** First answers that are remembered: it may be asked again. */
const MOST_OPENINGS = 4;

/** Notes how the answer to a conversation's first message began: in this request, or else in its response. */
export function noteOpening(
  conversation: CapturedConversation,
  print: ThreadPrint,
  opening: string | null,
): void {
  // The one that it went on from is the one that stands.
  if (print.opening !== null) conversation.openings = [print.opening];
  else if (opening !== null) {
    const others = conversation.openings.filter((other) => other !== opening);
    conversation.openings = [opening, ...others].slice(0, MOST_OPENINGS);
  }
}

/**
 * Messages that a request has in common with an unnamed conversation whose last exchange it asks again, or whose
 * history its client has rewritten: it still has the first message, and the answer that was given here.
 */
export function takesUp({ threads, openings }: CapturedConversation, print: ThreadPrint): number {
  const shared = sharedMessages(threads.main, print);
  const isRewritten = shared >= 1 && print.opening !== null && openings.includes(print.opening);
  return isRewritten || (shared >= 2 && shared >= threads.main.chain.length - 2) ? shared : 0;
}

/**
 * Whether a request that goes on from a first message is another conversation's, which began with the same one:
 * the answer in it is none that was given here.
 */
export function isAnother({ threads, openings }: CapturedConversation, print: ThreadPrint): boolean {
  if (threads.main.chain.length > 1 || openings.length === 0 || print.opening === null) return false;
  return !openings.includes(print.opening);
}

/** Whether an unnamed conversation has the same client as a request without a name, as far as can be told. */
export function isBeside(
  { named, threads, tag }: CapturedConversation,
  request: { readonly tag: string | null; readonly print: ThreadPrint },
): boolean {
  return !named && tag === request.tag && threads.main.realm === request.print.realm;
}
