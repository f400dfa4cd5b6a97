/** `/warm 30m` typed at the prompt, which OpenCode would send to the model: its own commands take no words. */
import type { Editor, PressedKey, TerminalApi } from "./opencode-api.ts";

export interface TypedWarm {
  /** Where it stands. */
  readonly editor: Editor;
  /** What stands behind `/warm`. */
  readonly text: string;
}

/** Null: another key, or something else at the prompt. */
export function typedWarm(
  { event }: PressedKey,
  { renderer, ui }: Pick<TerminalApi, "renderer" | "ui">,
): TypedWarm | null {
  const isEnter = event.name === "return" && !event.ctrl && !event.shift && !event.meta;
  const editor = renderer.currentFocusedEditor;
  if (!isEnter || editor === null || ui.dialog.open) return null;
  const typed = /^\s*\/warm(?:\s+([^\n]*?))?\s*$/.exec(editor.plainText);
  return typed === null ? null : { editor, text: typed[1] ?? "" };
}
