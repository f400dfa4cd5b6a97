import { claudeCode } from "./claude-code.ts";
import type { HostPlugin } from "./host-plugin.ts";
import { openclaw } from "./openclaw.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";

/** The programs that keepwarm can be installed in; one file each beside this one. */
export const HOST_PLUGINS: readonly HostPlugin[] = [claudeCode, openclaw, opencode, pi];
