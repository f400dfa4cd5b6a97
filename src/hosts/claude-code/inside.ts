/** All of the mod that Claude Code does not read before it runs it: a file of its own, beside `register`. */
export type { Engine, Surroundings } from "./engine.ts";
export { completeEnvironment } from "./environment.ts";
export { type ClaudeCodeMod, createMod, type ModOptions } from "./mod.ts";
export { readCommand, readSessionStart } from "./readings.ts";
