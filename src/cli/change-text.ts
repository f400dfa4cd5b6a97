/** What a person is told once a conversation's settings have changed. */
import type { ChangeAnswer, ConversationView } from "../hub/index.ts";
import { shownId } from "./conversation.ts";
import { printable } from "./printable.ts";
import { span, until } from "./span.ts";

export interface Circumstances {
  /** Those that are open. */
  readonly conversations: readonly ConversationView[];
  /** Epoch ms. */
  readonly now: number;
}

export function changeText(
  { conversation, note }: ChangeAnswer,
  { conversations, now }: Circumstances,
): string {
  const said = note === null ? [] : [printable(note)];
  if (conversation !== null)
    said.unshift(standing(conversation, shownId(conversation.id, conversations), now));
  return said.join("\n");
}

function standing(view: ConversationView, id: string, now: number): string {
  const { enabled, nextWarmAt, phase } = view;
  const why = view.why === null ? "" : ` ${printable(view.why)}`;
  if (!enabled) return `${id} is off.${why}`;
  const length = view.keepWarm === null ? "" : `, for ${view.keepWarm}`;
  const interval = length + (view.intervalChosen ? `, every ${span(view.intervalMs)}` : "");
  if (phase === "generating") return `${id} is on${interval}; its turn is under way.${why}`;
  if (nextWarmAt === null) return `${id} is on${interval}.${why}`;
  return `${id} is on${interval}; the next warm is due ${until(nextWarmAt, now)}.${why}`;
}
