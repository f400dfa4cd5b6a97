/** Where, behind its run's own base URL, Claude Code's hooks tell what happens. Nothing of it is sent on. */
export const HOOKS_PATH = "/~keepwarm/hooks";
