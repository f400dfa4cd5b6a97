/** What a conversation is called here: as in the terminal. */
import { computed, untracked } from "@preact/signals";
import { type ConversationView, type Known, namesAmong } from "../../../hub/views/index.ts";
import { conversations } from "../link/known.ts";

/** Which there are, and of which folders: on nothing else do names depend. */
const known = computed(() =>
  conversations()
    .map(({ id, folder }) => `${id}\n${folder ?? ""}`)
    .join("\n\n"),
);
const names = computed(() => {
  // Reading it is what subscribes.
  void known.value;
  return namesAmong(untracked(conversations));
});

export function titleOf(conversation: Known): string {
  return names.value.nameOf(conversation);
}

/** Whose it is: the program that keeps it warm itself, or the command that `keepwarm run` started. */
export function programOf({ host, run }: Pick<ConversationView, "host" | "run">): string | null {
  if (host !== null) return `in ${host}`;
  return run === null ? null : `via ${run.command}`;
}

/** What else tells it from others; null where its title says that already. */
export function besideTitle(view: Pick<ConversationView, "id" | "folder" | "named">): string | null {
  const shortId = names.value.shortId(view.id);
  if (titleOf(view).includes(shortId)) return view.named ? null : "unnamed";
  return shortId;
}
