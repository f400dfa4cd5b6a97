/** How programs with keepwarm inside them are linked to the hub. */
export { fromProgram } from "./from-program.ts";
export { createLink, type Link, type LinkedProgram, type LinkOptions } from "./link.ts";
export {
  type Answer as LinkAnswer,
  createLineReader,
  type FromProgram,
  LINK_PATH,
  LINK_PROTOCOL,
  lineOf as linkLineOf,
  parsedAs,
  type Wish,
} from "./protocol.ts";
