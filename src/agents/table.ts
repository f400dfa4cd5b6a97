import type { Agent } from "./agent.ts";
import { cline, openclaw } from "./by-hand.ts";
import { claudeCode } from "./claude-code.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";

/** The agents that were tried. */
export const AGENTS: readonly Agent[] = [claudeCode, opencode, pi, cline, openclaw];
