/** Errors of ours, where a client expects the API's. */
import type { ServerResponse } from "node:http";

/** In the API's own form, so that clients show it and try again as they do with the API's. */
export function answerError(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({
    type: "error",
    error: { type: "api_error", message: `keepwarm: ${message}` },
  });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
