/** Heads of messages as they stand on the wire. */
import { type IncomingMessage, STATUS_CODES } from "node:http";

/** As a response has it, and an informational one. */
type ResponseHead = Pick<IncomingMessage, "statusCode" | "statusMessage" | "rawHeaders">;

/** Node's raw headers (names and values in turn) as pairs. */
export function headerPairsOf(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [raw[2 * at] ?? "", raw[2 * at + 1] ?? ""]);
}

/** A response's reason phrase, without what Node refuses to write in one. */
export function reasonOf({ statusMessage = "" }: IncomingMessage): string {
  return statusMessage.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
}

/** The head of a response, as one that has no body here. To be written as `latin1`, which it was read as. */
export function headText({ statusCode = 502, statusMessage, rawHeaders }: ResponseHead): string {
  const lines = headerPairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${statusCode} ${statusMessage ?? STATUS_CODES[statusCode] ?? ""}\r\n${lines.join("")}\r\n`;
}
