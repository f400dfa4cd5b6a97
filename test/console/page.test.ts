/** The page: a handful of files for anybody on this machine, and no way from them to any other. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { controlOf, tell } from "../support/control-under-test.ts";
import { controlledInMemory } from "../support/controlled-in-memory.ts";

const FILES = {
  "index.html": "<!doctype html><title>keepwarm</title>",
  "app.js": "console.log('ready');",
  "app.css": "body { margin: 0 }",
  "favicon.svg": "<svg/>",
};
const SECRET = "nobody may read this";

/** A page whose folder, and the one around it, hold something that is none of its files. */
async function aPage() {
  const around = mkdtempSync(join(tmpdir(), "keepwarm-page-"));
  onTestFinished(() => rmSync(around, { recursive: true, force: true }));
  const page = join(around, "page");
  mkdirSync(page);
  for (const [name, contents] of Object.entries(FILES)) writeFileSync(join(page, name), contents);
  writeFileSync(join(page, "app.js.map"), SECRET);
  writeFileSync(join(around, "token"), SECRET);
  const controlled = controlledInMemory();
  const control = await controlOf(controlled, { page });
  /** Exactly these bytes: clients tidy paths up. */
  async function raw(path: string, headers = "Host: 127.0.0.1\r\n"): Promise<string> {
    const socket = connect(control.port, "127.0.0.1");
    socket.end(`GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
    return text(socket);
  }
  return { ...control, controlled, page, raw };
}

describe("the console's page", () => {
  it.each([
    ["/", "text/html; charset=utf-8", FILES["index.html"]],
    ["/app.js", "text/javascript; charset=utf-8", FILES["app.js"]],
    ["/app.css", "text/css; charset=utf-8", FILES["app.css"]],
    ["/favicon.svg", "image/svg+xml", FILES["favicon.svg"]],
  ])("is served at %s without the token", async (path, type, contents) => {
    const { url } = await aPage();
    const { status, headers, body } = await tell(url, path);
    expect([status, headers["content-type"], body]).toEqual([200, type, contents]);
    const { body: nothing, headers: same } = await tell(url, path, { method: "HEAD" });
    expect([nothing, same["content-length"]]).toEqual(["", String(contents.length)]);
  });

  it("may load and reach nothing but its own port, run nothing inline, and be shown in no other page", async () => {
    const { url } = await aPage();
    for (const path of ["/", "/app.js", "/app.css", "/favicon.svg"]) {
      const { headers } = await tell(url, path);
      expect(headers).toMatchObject({
        "content-security-policy":
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
          "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
      });
      expect(headers).not.toHaveProperty("set-cookie");
    }
  });

  it("is asked about each time, and sent again only when it has changed", async () => {
    const { url, page } = await aPage();
    const { headers } = await tell(url, "/app.js");
    expect(headers["cache-control"]).toBe("no-cache");
    const known = { "if-none-match": headers.etag };
    const again = await tell(url, "/app.js", { headers: known });
    expect([again.status, again.body]).toEqual([304, ""]);
    writeFileSync(join(page, "app.js"), "console.log('rebuilt');");
    const changed = await tell(url, "/app.js", { headers: known });
    expect([changed.status, changed.body]).toEqual([200, "console.log('rebuilt');"]);
  });

  it("is refused under a name that another site made resolve here, and to another site's page", async () => {
    const { url, port } = await aPage();
    for (const host of ["example.com", `evil.test:${port}`, "127.0.0.1.example.com", "0.0.0.0"]) {
      const told = await tell(url, "/", { headers: { host } });
      expect([told.status, told.body]).not.toContain(FILES["index.html"]);
      expect(told.status).toBe(403);
    }
    const told = await tell(url, "/app.js", { headers: { origin: "https://example.com" } });
    expect(told.status).toBe(403);
    expect((await tell(url, "/app.js", { headers: { origin: url } })).status).toBe(200);
  });

  it.each([
    "/index.html",
    "/app.js.map",
    "/../token",
    "/..%2ftoken",
    "/..%252ftoken",
    "/%2e%2e/token",
    "/%2e%2e%2ftoken",
    "/%252e%252e%252ftoken",
    "/....//token",
    "/..\\token",
    "/..%5ctoken",
    "/app.js/../../token",
    "/app.js%00",
    "/app.js%00.map",
    "/%00",
    "//app.js",
    "/./app.js",
    "/app.js?x",
    "/app.js#x",
    "/APP.JS",
    "/app%2ejs",
    "/console/",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1/app.js",
    "*",
  ])("has no file %s", async (path) => {
    const { raw, controlled } = await aPage();
    const said = await raw(path);
    expect(said).toMatch(/^HTTP\/1\.1 40[01] /);
    expect(said).not.toContain(SECRET);
    expect(controlled.calls).toEqual([]);
  });

  it("has no file of any other name", async () => {
    const { raw } = await aPage();
    const piece = fc.constantFrom(
      "..",
      ".",
      "%2e",
      "%2f",
      "/",
      "\\",
      "%5c",
      "%00",
      "token",
      "app.js",
      "page",
      "~",
      "%",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
        const path = `/${pieces.join("")}`;
        fc.pre(path !== "/" && path !== "/app.js");
        const said = await raw(path);
        expect(said).toMatch(/^HTTP\/1\.1 401 /);
        expect(said).not.toContain(SECRET);
      }),
      { numRuns: 200 },
    );
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("takes no %s", async (method) => {
    const { url, token } = await aPage();
    expect((await tell(url, "/", { method })).status).toBe(401);
    expect((await tell(url, "/", { method, headers: { "x-keepwarm-token": token } })).status).toBe(404);
  });

  it("says what to do when it has not been built", async () => {
    const { url, page } = await aPage();
    rmSync(page, { recursive: true });
    const { status, body } = await tell(url, "/");
    expect([status, body]).toEqual([
      503,
      "The console's page has not been built: run npm run build, then reload.\n",
    ]);
  });

  it("is not there when it is switched off: without the token everything is refused alike", async () => {
    const { url } = await controlOf(controlledInMemory());
    const told = await tell(url, "/");
    expect([told.status, told.body]).toEqual([401, '{"error":"The control token is missing or wrong."}']);
  });
});
