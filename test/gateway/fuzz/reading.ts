/** Reads HTTP/1 off the wire, strictly and by hand, so that it shares no mistake with what is tested. */

export interface Message {
  /** Without its line break. */
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As far as it came, without its framing. One character a byte. */
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly framing: "none" | "length" | "chunks" | "close";
  readonly isComplete: boolean;
  /** Where it ends in what was read. */
  readonly end: number;
}

export interface ReadingOptions {
  /** Nothing more will come. */
  readonly isOver: boolean;
  /** Of a response: the method that it answers. Left out for a request. */
  readonly answers?: string;
}

/** Null: there is no whole head yet, or none that is HTTP. */
export function readMessage(text: string, { isOver, answers }: ReadingOptions): Message | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const [startLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = lines.map(field);
  const at = headEnd + 4;
  const message = { startLine, headers, trailers: [] };
  const status = answers === undefined ? null : Number(startLine.split(" ")[1]);
  const isBodyless =
    status !== null && (answers === "HEAD" || status < 200 || status === 204 || status === 304);
  const coding = headerOf(headers, "transfer-encoding");
  const length = headerOf(headers, "content-length");
  if (isBodyless) return { ...message, framing: "none", body: "", isComplete: true, end: at };
  if (coding !== null && /chunked\s*$/i.test(coding)) return { ...message, ...readChunks(text, at) };
  if (length !== null) {
    const body = text.slice(at, at + Number(length));
    const isComplete = body.length === Number(length);
    return { ...message, framing: "length", body, isComplete, end: at + body.length };
  }
  if (status === null) return { ...message, framing: "none", body: "", isComplete: true, end: at };
  return { ...message, framing: "close", body: text.slice(at), isComplete: isOver, end: text.length };
}

/** The final response in what came, after informational ones. */
export function readResponse(text: string, options: Required<ReadingOptions>): Message | null {
  let at = 0;
  for (;;) {
    const message = readMessage(text.slice(at), options);
    if (message === null || !/^HTTP\/1\.\d 1\d\d\b/.test(message.startLine)) return message;
    at += message.end;
  }
}

function readChunks(
  text: string,
  from: number,
): Pick<Message, "framing" | "body" | "isComplete" | "end" | "trailers"> {
  let body = "";
  let at = from;
  const so = (isComplete: boolean, trailers: Message["trailers"] = []) => ({
    framing: "chunks" as const,
    body,
    isComplete,
    trailers,
    end: at,
  });
  for (;;) {
    const size = /^([0-9a-f]+)[^\r\n]*\r\n/i.exec(text.slice(at, at + 200_000));
    if (!size) return so(false);
    const bytes = Number.parseInt(size[1] ?? "", 16);
    at += size[0].length;
    if (bytes === 0) {
      const rest = /^((?:[^\r\n]+\r\n)*)\r\n/.exec(text.slice(at));
      if (!rest) return so(false);
      at += rest[0].length;
      return so(
        true,
        (rest[1] ?? "")
          .split("\r\n")
          .filter((line) => line !== "")
          .map(field),
      );
    }
    body += text.slice(at, at + bytes);
    if (text.slice(at + bytes, at + bytes + 2) !== "\r\n") return so(false);
    at += bytes + 2;
  }
}

function field(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
}

export function headerOf(headers: Message["headers"], name: string): string | null {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? null;
}

/** What belongs to one connection, or is ours (RFC 9110 § 7.6.1). */
const OF_THE_HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|x-keepwarm-conversation)$/i;

/** Headers that get from one end to the other. */
export function endToEnd(headers: Message["headers"]): Message["headers"] {
  const named = headers
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(",").map((one) => one.trim().toLowerCase()))
    .filter((name) => name !== "content-length");
  return headers.filter(([name]) => !OF_THE_HOP.test(name) && !named.includes(name.toLowerCase()));
}
