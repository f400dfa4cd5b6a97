/**
 * Who may ask the control API anything: the owner of the token, on this machine, and no web page.
 *
 * On the raw request, before anything has read its path, method or body: what is refused learns nothing
 * but the refusal.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  CHALLENGE_HEADER,
  isLoopback,
  isNonce,
  isSameSecret,
  PROOF_HEADER,
  proofOf,
  TOKEN_HEADER,
} from "../hub/index.ts";

export interface Admission {
  /** Whether the request may go on; otherwise it has been answered. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** The same for what needs no token: the page. A name that another site made resolve to us is no name of ours. */
  admitToPage(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createAdmission(token: string): Admission {
  function prepare(response: ServerResponse): void {
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
  }

  function isFromHere(request: IncomingMessage, response: ServerResponse): boolean {
    if (!isLoopbackHost(soleHeader(request, "host"))) {
      return refuse(response, 403, "The control API answers only to this machine's own names.");
    }
    const origin = soleHeader(request, "origin");
    if (request.headers.origin !== undefined && !isOwnOrigin(origin, request.socket.localPort)) {
      return refuse(response, 403, "The control API answers to no other web page.");
    }
    return true;
  }

  return {
    admit(request, response) {
      prepare(response);
      // To whoever asks: this is how a client tells us from an impostor before it shows the token.
      const nonce = soleHeader(request, CHALLENGE_HEADER);
      if (nonce !== null && isNonce(nonce))
        response.setHeader(PROOF_HEADER, proofOf(token, nonce, request.socket.localPort ?? 0));

      // Before Host and Origin, so that without the token every request gets the same answer.
      const shown = soleHeader(request, TOKEN_HEADER);
      if (shown === null || !isSameSecret(shown, token)) {
        return refuse(response, 401, "The control token is missing or wrong.");
      }
      return isFromHere(request, response);
    },
    admitToPage(request, response) {
      prepare(response);
      return isFromHere(request, response);
    },
  };
}

/** A name that another site made resolve to this machine is still that site's. */
function isLoopbackHost(host: string | null): boolean {
  const url = host === null ? null : URL.parse(`http://${host}`);
  // Nothing but a name and a port: `user@`, a path or the like would be parsed away.
  return url !== null && /^[\w.:[\]-]+$/.test(host ?? "") && isLoopback(url.hostname);
}

function isOwnOrigin(origin: string | null, port: number | undefined): boolean {
  const url = origin === null ? null : URL.parse(origin);
  return url?.protocol === "http:" && isLoopback(url.hostname) && url.port === String(port);
}

/** Null where it is missing, or there more than once. */
function soleHeader(request: IncomingMessage, name: string): string | null {
  const values = request.headersDistinct[name];
  return values?.length === 1 ? (values[0] ?? null) : null;
}

function refuse(response: ServerResponse, status: 401 | 403, sentence: string): false {
  const body = JSON.stringify({ error: sentence });
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
  return false;
}
