/**
 * The console's page: a fixed set of files, which anybody on this machine may read. There is nothing secret in
 * them; what they show comes from the API, with the token.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";

/** By the path that is asked for, exactly as it stands in the request: nothing is decoded, and nothing looked up. */
const FILES: ReadonlyMap<string, { readonly name: string; readonly type: string }> = new Map([
  ["/", { name: "index.html", type: "text/html; charset=utf-8" }],
  ["/app.js", { name: "app.js", type: "text/javascript; charset=utf-8" }],
  ["/app.css", { name: "app.css", type: "text/css; charset=utf-8" }],
  ["/favicon.svg", { name: "favicon.svg", type: "image/svg+xml" }],
]);

/** It loads from here, reaches here, and is shown in no other page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // Kept, and asked about each time: after an update it is another.
  "cache-control": "no-cache",
} as const;

const NOT_BUILT = "The console's page has not been built: run npm run build, then reload.\n";

export interface Page {
  /** Whether this is one of its files. */
  has(request: IncomingMessage): boolean;
  /** Never rejects. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Where the build puts its files: beside the bundle, or in `dist` where the sources run as they are. */
export function builtPage(): string {
  const fromSources = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(fromSources ? "../../dist/console/" : "./console/", import.meta.url));
}

/** @param directory with its files */
export function createPage(directory: string): Page {
  async function contents(name: string): Promise<Buffer | null> {
    // Each time anew: they are small, and a build may have replaced them.
    return readFile(`${directory}/${name}`).catch(() => null);
  }

  return {
    has: ({ method, url = "" }) => (method === "GET" || method === "HEAD") && FILES.has(url),
    async answer({ method, url = "", headers }, response) {
      const { name = "", type = "" } = FILES.get(url) ?? {};
      const body = await contents(name);
      for (const [header, value] of Object.entries(HEADERS)) response.setHeader(header, value);
      if (body === null) {
        response.writeHead(503, { "content-type": "text/plain; charset=utf-8" });
        response.end(NOT_BUILT);
        return;
      }
      const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
      if (headers["if-none-match"] === etag) {
        response.writeHead(304, { etag }).end();
        return;
      }
      response.writeHead(200, { "content-type": type, "content-length": body.length, etag });
      response.end(method === "HEAD" ? undefined : body);
    },
  };
}
