/** keepwarm as an extension of Dispatch (docs/agents.md). */
import { createExtension } from "./extension.ts";

export { createExtension, type DispatchExtension, type ExtensionOptions } from "./extension.ts";
export { manifest } from "./manifest.ts";

export const extension = createExtension();
export const { activate, deactivate } = extension;
export default extension;
