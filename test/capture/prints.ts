/** Requests as prints, for what tells their threads apart. */
import { printThread, type ThreadPrint } from "../../src/anthropic/index.ts";

const TOOLS = [{ name: "look" }];

/** A request of a main thread that says these things in turn: the person first, then the model, and so on. */
export function says(said: readonly string[], request: object = {}, realm = "here"): ThreadPrint {
  const messages = said.map((content, index) => ({ role: index % 2 ? "assistant" : "user", content }));
  const body = { model: "claude-opus-5-5", system: "Be brief.", tools: TOOLS, messages, ...request };
  const print = printThread(new TextEncoder().encode(JSON.stringify(body)), realm);
  if (print === null) throw new Error("no print");
  return print;
}

/** A title's request: another model, no tools. */
export function title(said: readonly string[] = ["Give it a title: Shall we begin?"]): ThreadPrint {
  return says(said, { model: "claude-haiku-5-5", system: "You write titles.", tools: [] });
}

/** A sub-agent's: other tools and another system prompt. */
export function subAgent(said: readonly string[]): ThreadPrint {
  return says(said, { system: "You are a sub-agent.", tools: [{ name: "search" }] });
}
