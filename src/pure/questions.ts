/** Which tools put a question to the person: the answer to such a call is the person's, and takes as long. */

/** Names that agents give them: Claude Code, OpenCode, pi, Codex, Roo Code, in this order. */
const QUESTIONS: ReadonlySet<string> = new Set([
  "AskUserQuestion",
  "ExitPlanMode",
  "question",
  "ask",
  "ask_user",
  "request_user_input",
  "ask_followup_question",
]);

/** Whether an answer that calls these tools asks the person something. */
export function asksPerson(toolNames: readonly string[]): boolean {
  return toolNames.some((name) => QUESTIONS.has(name));
}
