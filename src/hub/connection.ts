/**
 * One connection to a control API, proven before it carries the token.
 *
 * Proof and token travel over the same socket: between two connections another program could take the
 * port. `node:http` with an agent of our own, because fetch may follow a redirect, or a proxy that the
 * environment names, and take the token along.
 */
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { CHALLENGE_HEADER, PROOF_HEADER, TOKEN_HEADER } from "./headers.ts";
import { isSameSecret, newNonce, proofOf } from "./proof.ts";

// Imported, it would bring the web's sockets along with it, which take longer to load than all that a command does.
const http = process.getBuiltinModule("node:http");

/** Why there is no proven connection. */
export type Unproven = "refused" | "silent" | "impostor";

export class UnprovenError extends Error {
  override readonly name = "UnprovenError";
  readonly reason: Unproven;

  constructor(reason: Unproven) {
    super(SENTENCES[reason]);
    this.reason = reason;
  }
}

const SENTENCES: Readonly<Record<Unproven, string>> = {
  refused: "nothing listens where the gateway did",
  silent: "the gateway does not answer",
  impostor: "something else answers where the gateway did, and was told nothing",
};

/** What is asked of a gateway. */
export interface Asked {
  readonly method: "GET" | "POST";
  /** With its leading slash, encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** In lower case. @default none of its own */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A socket whose other end knows the token. Carries one request. */
export interface ProvenConnection {
  /** Resolves with the answer's head. @throws {UnprovenError} when the socket was closed meanwhile */
  send(asked: Asked): Promise<IncomingMessage>;
  /** Ends the connection, whatever is still on its way. */
  close(): void;
}

/** More than an honest answer to a challenge has, in bytes. */
const MAX_CHALLENGE_ANSWER = 65_536;

/** @throws {UnprovenError} */
export async function openProven(
  controlUrl: string,
  token: string,
  timeoutMs: number,
): Promise<ProvenConnection> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const proven = await challenge(controlUrl, token, agent, timeoutMs);
    return {
      send: (asked) => sendOver(proven, { controlUrl, token, agent, asked }),
      close: () => agent.destroy(),
    };
  } catch (error) {
    agent.destroy();
    throw error;
  }
}

/** Asks for the proof, and shows nothing. Resolves with the socket that gave it. */
function challenge(controlUrl: string, token: string, agent: Agent, timeoutMs: number): Promise<Socket> {
  const nonce = newNonce();
  const expected = proofOf(token, nonce, Number(new URL(controlUrl).port));
  return new Promise((resolve, reject) => {
    const asking = http.request(new URL("/v1/status", controlUrl), {
      agent,
      headers: { [CHALLENGE_HEADER]: nonce },
    });
    const fail = (reason: Unproven) => {
      clearTimeout(timer);
      asking.destroy();
      reject(new UnprovenError(reason));
    };
    // For the whole answer, so that one that trickles is no way to hold us up.
    const timer = setTimeout(() => fail("silent"), timeoutMs);
    asking.on("error", (error: NodeJS.ErrnoException) => {
      fail(error.code === "ECONNREFUSED" ? "refused" : "impostor");
    });
    let socket: Socket;
    asking.on("socket", (assigned) => {
      socket = assigned;
    });
    asking.on("response", (answer) => {
      const proof = answer.headers[PROOF_HEADER];
      if (typeof proof !== "string" || !isSameSecret(proof, expected)) return fail("impostor");
      let size = 0;
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_CHALLENGE_ANSWER) fail("impostor");
      });
      answer.on("error", () => fail("impostor"));
      answer.on("end", () => {
        clearTimeout(timer);
        resolve(socket);
      });
    });
    asking.end();
  });
}

interface Sending {
  readonly controlUrl: string;
  readonly token: string;
  readonly agent: Agent;
  readonly asked: Asked;
}

function sendOver(proven: Socket, { controlUrl, token, agent, asked }: Sending): Promise<IncomingMessage> {
  const body = asked.body === undefined ? null : JSON.stringify(asked.body);
  return new Promise((resolve, reject) => {
    const asking: ClientRequest = http.request(new URL(asked.path, controlUrl), {
      agent,
      method: asked.method,
      headers: { ...asked.headers, ...(body === null ? {} : { "content-type": "application/json" }) },
    });
    asking.on("error", reject);
    asking.on("response", resolve);
    asking.on("socket", (socket) => {
      // The agent opens another one when the other end has closed the first.
      if (socket !== proven) return void asking.destroy(new UnprovenError("refused"));
      asking.setHeader(TOKEN_HEADER, token);
      asking.end(body ?? undefined);
    });
  });
}
