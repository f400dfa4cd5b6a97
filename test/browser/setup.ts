import { buildConsolePage } from "../../scripts/console-page.ts";

/** What is tested is what the sources say now, not what was built some time ago. */
export default async function setup(): Promise<void> {
  await buildConsolePage("dist/console");
}
