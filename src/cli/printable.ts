/** Text from elsewhere that a terminal may be shown. */
import { stripVTControlCharacters } from "node:util";

/** What a terminal would take as a command, or show in another place, is only a space here. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, " ");
}
