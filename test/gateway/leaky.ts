/** An API that says in its errors what it was told: keys, prompts, whole bodies. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";

interface Told {
  readonly key: string;
  readonly body: string;
}

type Leak = (told: Told, response: ServerResponse) => void;

function error(status: number, type: string, message: (told: Told) => string): Leak {
  return (told, response) => {
    response.writeHead(status, { "content-type": "application/json", "request-id": told.key.slice(0, 4) });
    response.end(JSON.stringify({ type: "error", error: { type, message: message(told) } }));
  };
}

/** A prompt's words in what the body says. */
const words = ({ body }: Told) => /MARK[\w-]+/g[Symbol.match](body)?.join(" ") ?? "";

/** Each is one answer to one request. */
export const LEAKS: Readonly<Record<string, Leak>> = {
  "the key, in a 401": error(401, "authentication_error", ({ key }) => `invalid x-api-key ${key}`),
  "the key as its type": error(400, "authentication_error", ({ key }) => key),
  "the prompt, in a 500": error(500, "api_error", (told) => `Failed: ${words(told)}`),
  "the prompt, in a 400": error(
    400,
    "invalid_request_error",
    (told) => `messages.0: ${words(told)} is not allowed`,
  ),
  "half of the prompt, quoted": error(
    400,
    "invalid_request_error",
    (told) => `bad value "${words(told).slice(0, 24)}"`,
  ),
  "the body, in a 422": error(422, "invalid_request_error", ({ body }) => body),
  "the body, in a 403": error(403, "permission_error", ({ key, body }) => `${key} may not ${body}`),
  "the body, as detail": ({ body }, response) => {
    response.writeHead(422, { "content-type": "application/json" });
    response.end(JSON.stringify({ detail: [{ loc: ["body"], input: JSON.parse(body) }] }));
  },
  "the body, as it came": ({ body, key }, response) => {
    response.writeHead(500, { "content-type": "text/plain" }).end(`${key} ${body}`);
  },
  "the key, in a redirect": ({ key }, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:1/${key}` }).end();
  },
  "the key, in its headers": ({ key }, response) => {
    response
      .writeHead(529, `Overloaded ${key}`, { "x-echo": key, "request-id": key, "retry-after": key })
      .end(key);
  },
  "the prompt, in half a JSON": ({ body }, response) => {
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(`{"usage":{"${words({ key: "", body })}`);
  },
  "the prompt, in a stop reason": ({ body, key }, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ type: "message", model: key, stop_reason: words({ key, body }), content: [] }),
    );
  },
  "the prompt, in a stream's error": (told, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const said = { type: words(told), message: `${told.key} ${words(told)}` };
    response.end(`event: error\ndata: ${JSON.stringify({ type: "error", error: said })}\n\n`);
  },
  "the key, and cuts it off": ({ key }, response) => {
    response.writeHead(200, { "content-length": "9999" }).write(key);
    setTimeout(() => response.destroy(), 5);
  },
};

export interface Leaky {
  readonly url: string;
  /** The next requests are answered so, warms or all of them; further ones are the emulator's. */
  next(leaks: readonly Leak[], which: "warms" | "all"): void;
}

/** The emulator, whose answers fail as asked. */
export async function leaky(emulatorUrl: string): Promise<Leaky> {
  let waiting: Leak[] = [];
  let onlyWarms = true;
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const body = await buffer(request);
    const isWarm = /"max_tokens":\s*[01]\D/.test(body.toString());
    const leak = isWarm || !onlyWarms ? waiting.shift() : undefined;
    if (leak) {
      const key = (headers["x-api-key"] ?? headers.authorization ?? "").toString().replace(/^Bearer /, "");
      return leak({ key, body: body.toString() }, response);
    }
    const asked = await fetch(emulatorUrl + request.url, {
      method: "POST",
      headers: headers as Record<string, string>,
      body,
    });
    const told = Object.entries(Object.fromEntries(asked.headers)).filter(
      ([name]) => !/^(connection|content-length|transfer-encoding|keep-alive)$/.test(name),
    );
    response.writeHead(asked.status, Object.fromEntries(told)).end(await asked.text());
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next(leaks, which) {
      waiting = [...leaks];
      onlyWarms = which === "warms";
    },
  };
}

export const API_KEY = "sk-ant-api03-MARKAPIKEY-0123456789";
export const BEARER = "MARKBEARER.0123456789/abcdef+x=";
export const PROMPTS = [
  "MARKSYSTEM-1a2b",
  "MARKQUESTION-3c4d",
  "MARKRESULT-5e6f",
  "MARKTOOL_7a8b",
  "MARKANSWER-9c0d",
];
const MARKS = [API_KEY, BEARER, "MARKAPIKEY", "MARKBEARER", ...PROMPTS];

/** Which of the marks are in it, in any of the forms in which they get there. */
export function marksIn(text: string | Uint8Array): string[] {
  const bytes = Buffer.from(text);
  const read = [bytes.toString("latin1"), bytes.toString("utf16le")].join("\n").toLowerCase();
  return MARKS.filter((mark) => {
    const base64 = [0, 1, 2].map((shift) =>
      Buffer.from(" ".repeat(shift) + mark)
        .toString("base64")
        .slice(4, -4),
    );
    const forms = [mark, encodeURIComponent(mark), Buffer.from(mark).toString("hex"), ...base64];
    return forms.some((form) => read.includes(form.toLowerCase()));
  });
}

/** A request whose every part is marked. */
export function marked(system: string) {
  const [inSystem = "", question = "", result = "", tool = "", answer = ""] = PROMPTS;
  return {
    model: "claude-opus-5-5",
    max_tokens: 64,
    cache_control: { type: "ephemeral" as const },
    system: `${inSystem} ${system}`,
    tools: [{ name: tool, description: question, input_schema: { type: "object" as const } }],
    messages: [
      { role: "user" as const, content: `${question} Shall we begin?` },
      {
        role: "assistant" as const,
        content: [
          { type: "text" as const, text: answer },
          { type: "tool_use" as const, id: "toolu_1", name: tool, input: { q: question } },
        ],
      },
      {
        role: "user" as const,
        content: [{ type: "tool_result" as const, tool_use_id: "toolu_1", content: result }],
      },
    ],
  };
}
