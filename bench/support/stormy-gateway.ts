/**
 * A whole gateway, forked, in which somebody can let things change as often as they like: `{ notices: 10000 }` makes
 * so many notices a second, over all its conversations, `{ notices: 0 }` none. Tells its URL; its first argument is
 * the upstream, its second the state directory.
 */
import { loadConfig } from "../../src/config/index.ts";
import { startService } from "../../src/gateway/index.ts";

const [upstream = "", directory = ""] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const service = await startService({
  config: loadConfig({
    env: { KEEPWARM_HOME: directory, KEEPWARM_UPSTREAM: upstream },
    flags: { port: "0", consolePort: "0", enableNew: true, keepWarm: "always" },
  }),
  directory,
  version: "0.1.0",
  logger: silent,
});
const { warmer } = service.gateway.keeper;
let perSecond = 0;
let owed = 0;
let at = performance.now();
let turn = 0;
setInterval(() => {
  const now = performance.now();
  owed += ((now - at) / 1_000) * perSecond;
  at = now;
  const ids = warmer.conversations();
  for (; owed >= 1; owed--) {
    turn += 1;
    warmer.onConversationChanged(ids[turn % ids.length] ?? "", { present: turn % 2 === 0 });
  }
}, 5);
process.on("message", (told: { readonly notices: number }) => {
  perSecond = told.notices;
});
process.once("disconnect", () => void service.stop().then(() => process.exit()));
process.send?.(service.gatewayUrl);
