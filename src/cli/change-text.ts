/** What a person is told once a conversation's settings have changed. */
import type { ChangeAnswer, ConversationView } from "../hub/index.ts";
import { nameOf } from "./conversation-name.ts";
import { intervalPhrase } from "./interval-text.ts";
import { printable } from "./printable.ts";
import { until } from "./span.ts";

export interface Circumstances {
  /** Those that are open. */
  readonly conversations: readonly ConversationView[];
  /** Epoch ms. */
  readonly now: number;
  /** What was changed, which is told even where it is as if nobody had chosen. */
  readonly changed: "switch" | "interval";
}

export function changeText({ conversation, note }: ChangeAnswer, circumstances: Circumstances): string {
  const said = note === null ? [] : [printable(note)];
  if (conversation !== null) said.unshift(standing(conversation, circumstances));
  return said.join("\n");
}

function standing(view: ConversationView, { conversations, now, changed }: Circumstances): string {
  const { enabled, nextWarmAt, phase, keepWarm } = view;
  const name = nameOf(view, conversations);
  const why = view.why === null ? "" : ` ${printable(view.why)}`;
  const tellsInterval = changed === "interval" || view.intervalChosen;
  if (!enabled) {
    return changed === "interval"
      ? `${name} is off; switched on, it is warmed ${intervalPhrase(view)}.${why}`
      : `${name} is off.${why}`;
  }
  const choices = [
    ...(keepWarm === null ? [] : [`kept warm: ${printable(keepWarm)}`]),
    ...(tellsInterval ? [intervalPhrase(view)] : []),
  ];
  const on = [`${name} is on`, ...choices].join(", ");
  if (phase === "generating") return `${on}; its turn is under way.${why}`;
  if (nextWarmAt === null) return `${on}.${why}`;
  return `${on}; the next warm is due ${until(nextWarmAt, now)}.${why}`;
}
