/** What pi loads: `package/index.js` hands on what this gives. */
import { extendPi } from "./extension.ts";
import type { Pi } from "./pi-api.ts";

export default function keepwarm(pi: Pi): void {
  extendPi(pi);
}
