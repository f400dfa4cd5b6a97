/** What the rest of keepwarm needs to know of Claude Code's own words. */
export { type HookNews, hookNews } from "./hook-news.ts";
