/** What OpenClaw loads. */
import { keepwarmPlugin } from "./plugin.ts";

export default keepwarmPlugin();
