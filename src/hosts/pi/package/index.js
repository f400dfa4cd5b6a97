// pi's loader would compile what it loads again for each session. This is loaded by Node itself, once.
import { createRequire } from "node:module";

export default createRequire(import.meta.url)("./keepwarm.cjs").default;
