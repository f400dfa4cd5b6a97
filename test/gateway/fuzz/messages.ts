/** Requests and responses, well-formed ones and such as nobody should send. */
import fc from "fast-check";

export interface Made {
  /** One character a byte. */
  readonly bytes: string;
  /** It is HTTP beyond doubt, though it may break off. */
  readonly isSure: boolean;
  /** It does not break off. */
  readonly isWhole: boolean;
  /** Where it is cut into packets. */
  readonly cuts: readonly number[];
}

export interface MadeResponse extends Made {
  /** What its server does then. */
  readonly afterwards: "keep" | "end" | "reset";
}

const SSE = [
  'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":5,"cache_read_input_tokens":9}}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"h\xc3\xa9 \xf0\x9f\x8e\x89"}}\n\n',
  ': ping\n\nevent: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}\n\n',
  'data: {"type":"message_stop"}\r\n\r\n',
];

const MESSAGES = JSON.stringify({
  model: "claude-opus-5-5",
  max_tokens: 20,
  stream: true,
  cache_control: { type: "ephemeral" },
  messages: [{ role: "user", content: "Hi" }],
});

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString("latin1"));
const cutShort = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([all, share]) => all.slice(0, Math.ceil(all.length * share)));

const body = fc.oneof(
  { weight: 3, arbitrary: fc.constant(MESSAGES) },
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...SSE), { maxLength: 8 }).map((events) => events.join("")),
  },
  { weight: 2, arbitrary: bytes },
  { weight: 1, arbitrary: cutShort(fc.constant(MESSAGES)) },
  { weight: 1, arbitrary: cutShort(fc.constant(SSE.join(""))) },
  { weight: 1, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 200_000 }).map((length) => "z".repeat(length)) },
);

const token = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom(..."abcXYZ019-_.!#$%&'*+^`|~"),
});
const value = fc.string({
  maxLength: 20,
  unit: fc.constantFrom(..."abc XYZ,;=\"'()<>/?:@[]{}\t\x80\xe9\xff"),
});
const RESERVED =
  /^(host|content-length|transfer-encoding|upgrade|expect|trailer|connection|keep-alive|te|proxy-.*)$/i;
const sureHeader = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        token.filter((name) => !RESERVED.test(name)),
        fc.constantFrom(": ", ":", ":\t", ":   "),
        value,
        fc.constantFrom("", " ", "\t "),
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "Connection: close",
      "Connection: keep-alive",
      "connection: X-Gone, x-keep-me",
      "X-Gone: 1",
      "Keep-Alive: timeout=1",
      "TE: trailers",
      "Proxy-Authorization: Basic eA==",
      "X-Keepwarm-Conversation: fuzz",
      "Content-Type: text/event-stream",
      "Content-Type: application/json",
      "Content-Encoding: gzip",
      "Content-Encoding: br",
      "Set-Cookie: a=b",
      "set-cookie: c=d",
      "Date: Thu, 01 Jan 1970 00:00:00 GMT",
      "Retry-After: soon",
      "anthropic-ratelimit-requests-remaining: -1",
      "anthropic-ratelimit-requests-reset: never",
      "Location: http://127.0.0.1:1/",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 40_000 }).map((length) => `X-Long: ${"l".repeat(length)}`),
  },
);
const oddHeader = fc.constantFrom(
  "No colon",
  "Bad Name: x",
  "Nul: \0",
  ": nameless",
  "X\x7f: 1",
  "Folded: a\r\n b",
  "Bare: a\nInjected: b",
  "Return: a\rb",
  "Host: other",
  "Content-Length: 3",
  "Content-Length: +3",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: identity",
  "Trailer: X-Sum",
  "\x80\xff: high",
);

const headers = (isSure: boolean) =>
  isSure
    ? fc.array(sureHeader, { maxLength: 6 })
    : fc.array(fc.oneof({ weight: 2, arbitrary: sureHeader }, { weight: 1, arbitrary: oddHeader }), {
        maxLength: 6,
      });

interface Framed {
  readonly header: string | null;
  readonly text: string;
  readonly isSure: boolean;
}

function chunked(text: string, sizes: readonly number[], extension: string, trailers: string): string {
  let framed = "";
  let at = 0;
  for (const size of sizes) {
    if (at >= text.length) break;
    const piece = text.slice(at, at + size);
    framed += `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`;
    at += size;
  }
  if (at < text.length) framed += `${(text.length - at).toString(16).toUpperCase()}\r\n${text.slice(at)}\r\n`;
  return `${framed}0\r\n${trailers}\r\n`;
}

const framings = (text: string, isSure: boolean): fc.Arbitrary<Framed> => {
  const length = { header: `Content-Length: ${text.length}`, text, isSure: true };
  const chunks = fc
    .record({
      name: fc.constantFrom(
        "Transfer-Encoding: chunked",
        "transfer-encoding:chunked",
        "TRANSFER-ENCODING: Chunked",
      ),
      sizes: fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 20 }),
      extension: fc.constantFrom("", ";a", ";a=b"),
      trailers: fc.constantFrom("", "X-Sum: 1\r\n", "X-Sum: 1\r\nx-sum: 2\r\n"),
    })
    .map(({ name, sizes, extension, trailers }) => ({
      header: name,
      text: chunked(text, sizes, extension, trailers),
      isSure: true,
    }));
  if (isSure) return fc.oneof(fc.constant(length), chunks);
  const odd = (header: string | null, framed: string) => fc.constant({ header, text: framed, isSure: false });
  return fc.oneof(
    fc.constant(length),
    chunks,
    odd(`Content-Length: ${text.length}\r\nContent-Length: ${text.length}`, text),
    odd(`Content-Length: ${text.length}\r\nTransfer-Encoding: chunked`, chunked(text, [], "", "")),
    odd("Content-Length: 0x5", text),
    odd("Content-Length: -1", text),
    odd("Content-Length: 99999999999999999999", text),
    odd("Transfer-Encoding: chunked", `zz\r\n${text}`),
    odd("Transfer-Encoding: chunked", `fffffffffffffffff\r\n${text}`),
    odd("Transfer-Encoding: chunked", `5\r\n${text}`),
    odd("Transfer-Encoding: chunked, chunked", chunked(text, [], "", "")),
    odd("Transfer-Encoding: gzip, chunked", chunked(text, [7], "", "")),
    odd("Transfer-Encoding: gzip", text),
    odd(null, text),
  );
};

/** As it is, broken off, or with some bytes changed. */
function spoilt(whole: Omit<Made, "cuts">): fc.Arbitrary<Made> {
  const { bytes: text, isSure } = whole;
  const cuts = fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 4 });
  const end = fc.integer({ min: 0, max: Math.max(0, text.length - 1) });
  const as = (made: Omit<Made, "cuts">) =>
    cuts.map((at) => ({ ...made, cuts: at.toSorted((a, b) => a - b) }));
  return fc.oneof(
    { weight: 8, arbitrary: as(whole) },
    { weight: 2, arbitrary: end.chain((at) => as({ bytes: text.slice(0, at), isSure, isWhole: false })) },
    {
      weight: isSure ? 0 : 3,
      arbitrary: fc
        .array(fc.tuple(end, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 })
        .chain((changes) => {
          let changed = text;
          for (const [at, byte] of changes) {
            changed = changed.slice(0, at) + String.fromCharCode(byte) + changed.slice(at + 1);
          }
          return as({ bytes: changed, isSure: false, isWhole: true });
        }),
    },
  );
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "M-SEARCH", "HEAD"];
const target = fc.oneof(
  { weight: 4, arbitrary: fc.constant("/v1/messages") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "/",
      "*",
      "/v1/messages?beta=true&&x=%zz",
      "/v1/messages/",
      "//v1//messages",
      "/%00/%ff/%2e%2e/../a",
      "/a?b#c",
      "/?",
      "/~keepwarm/run/none/v1/messages",
      "/~keepwarm/run/..",
      '/"<>^`{|}[]\\',
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 9_000 }).map((length) => `/${"p".repeat(length)}`) },
);

export const request: fc.Arbitrary<Made> = fc.boolean().chain((isSure) =>
  fc
    .record({
      method: isSure
        ? fc.constantFrom(...METHODS, "POST", "POST", "POST")
        : fc.constantFrom(...METHODS, "POST", "get", "BREW", "", "P\0ST", "G ET"),
      target: isSure
        ? target
        : fc.oneof(target, fc.constantFrom("", " /", "/a b", "/\x01", "/\xe9", "http://", "x")),
      version: isSure
        ? fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0")
        : fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "ICY", "http/1.1", ""),
      headers: headers(isSure),
      framing: fc.option(
        body.chain((text) => framings(text, isSure)),
        { freq: 6 },
      ),
    })
    .chain(({ method, target, version, headers, framing }) => {
      // A body in chunks is not for HTTP/1.0, and what asks for one of these gives none.
      const isOdd = version === "HTTP/1.0" && /transfer-encoding/i.test(framing?.header ?? "");
      const lines = [`${method} ${target} ${version}`, "Host: client.test", ...headers];
      if (framing?.header) lines.push(framing.header);
      return spoilt({
        bytes: `${lines.join("\r\n")}\r\n\r\n${framing?.text ?? ""}`,
        isSure: isSure && !isOdd,
        isWhole: true,
      });
    }),
);

export const response: fc.Arbitrary<MadeResponse> = fc.boolean().chain((isSure) =>
  fc
    .record({
      preface: fc.constantFrom("", "", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
      line: isSure
        ? fc.oneof(
            { weight: 4, arbitrary: fc.constant("HTTP/1.1 200 OK") },
            {
              weight: 2,
              arbitrary: fc.constantFrom(
                "HTTP/1.1 201 ",
                "HTTP/1.1 204 No Content",
                "HTTP/1.1 304 Not Modified",
                "HTTP/1.1 302 Found",
                "HTTP/1.1 400 Bad \xe9",
                "HTTP/1.1 401 Unauthorized",
                "HTTP/1.1 429 Too Many",
                "HTTP/1.1 529 Overloaded",
                "HTTP/1.1 999 Odd",
                "HTTP/1.0 200 Old",
              ),
            },
          )
        : fc.constantFrom(
            "HTTP/1.1 200 OK",
            "HTTP/1.1 200",
            "HTTP/1.1 99 Low",
            "HTTP/1.1 099 Low",
            "HTTP/1.1 1000 High",
            "HTTP/1.1 101 Switching",
            "HTTP/1.1 OK",
            "HTTP/2 200",
            "ICY 200 OK",
            "HTTP/1.1 200 \x01\x7f",
            "",
          ),
      headers: headers(isSure),
      body,
      afterwards: fc.constantFrom("keep", "keep", "end", "reset"),
    })
    .chain(({ preface, line, headers, body, afterwards }) => {
      const isBodyless = / (204|304) /.test(line);
      const old = line.startsWith("HTTP/1.0");
      const bare = { header: null, text: body, isSure: true };
      const framing = isBodyless
        ? fc.constant({ header: null, text: "", isSure: true })
        : fc.oneof(framings(body, isSure), fc.constant(bare));
      return framing.chain((framed) => {
        const isOdd = old && /transfer-encoding/i.test(framed.header ?? "");
        const lines = [line, ...headers];
        if (framed.header) lines.push(framed.header);
        const whole = {
          bytes: `${preface}${lines.join("\r\n")}\r\n\r\n${framed.text}`,
          isSure: isSure && framed.isSure && !isOdd,
          isWhole: true,
        };
        return spoilt(whole).map((made) => {
          const isOpenEnded = framed === bare || !made.isWhole || !made.isSure;
          return {
            ...made,
            afterwards: isOpenEnded && afterwards === "keep" ? ("end" as const) : afterwards,
          };
        });
      });
    }),
);
