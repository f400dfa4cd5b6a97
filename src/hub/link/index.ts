/** How programs with keepwarm inside them are linked to the hub. */
export { createLink, type Link, type LinkedProgram, type LinkOptions } from "./link.ts";
export {
  type Answer as LinkAnswer,
  createLineReader,
  type FromProgram,
  fromProgram,
  LINK_PATH,
  LINK_PROTOCOL,
  lineOf as linkLineOf,
  parsedAs,
  type Wish,
} from "./protocol.ts";
