/** What a conversation is called: by its project's folder, else by its client's name for it, else by its model. */
import type { ConversationView } from "../../../hub/views/index.ts";

type Titled = Pick<ConversationView, "id" | "named" | "folder" | "modelName">;

/** As many characters of an id as tell two apart. */
const SHORT = 8;

export function titleOf({ id, named, folder, modelName }: Titled): string {
  if (folder !== null && folder !== "") return folder;
  return named ? id : (modelName ?? id);
}

/** Whose it is: the program that keeps it warm itself, or the command that `keepwarm run` started. */
export function programOf({ host, run }: Pick<ConversationView, "host" | "run">): string | null {
  if (host !== null) return `in ${host}`;
  return run === null ? null : `via ${run.command}`;
}

/** What tells it from others of the same title. */
export function shortId({ id, named }: Pick<ConversationView, "id" | "named">): string {
  if (!named) return "unnamed";
  const points = [...id];
  return points.length <= SHORT + 4 ? id : `${points.slice(0, SHORT).join("")}…`;
}
