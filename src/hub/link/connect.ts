/**
 * A connection of lines to the hub, which has proven itself before it is shown the token.
 *
 * Over a plain socket: proof, token and all that follows must go over one and the same, and Bun's `node:http` does not
 * tell over which a request goes.
 */
import type { Socket } from "node:net";
import { CHALLENGE_HEADER, PROOF_HEADER, TOKEN_HEADER } from "../headers.ts";
import { isSameSecret, newNonce, proofOf } from "../proof.ts";
import { LINK_PATH, LINK_PROTOCOL } from "./protocol.ts";

export interface ConnectOptions {
  readonly controlUrl: string;
  readonly token: string;
  /** How long the hub may take to prove itself and take the link, in ms. */
  readonly timeoutMs: number;
}

export interface Connected {
  /** Paused. */
  readonly socket: Socket;
  /** What the hub has sent already. */
  readonly head: Uint8Array;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** More than an honest answer has, in bytes. */
const MAX_ANSWER_BYTES = 65_536;

/** Rejects when there is no hub that proves itself and takes links. Keeps no process alive. */
export async function connectToHub({ controlUrl, token, timeoutMs }: ConnectOptions): Promise<Connected> {
  const { hostname, port, host } = new URL(controlUrl);
  // Not before there is a hub: what most programs have loaded anyway, but not all.
  const { connect } = process.getBuiltinModule("node:net");
  const socket = connect({ port: Number(port), host: hostname.replace(/^\[|\]$/g, "") });
  socket.unref();
  socket.on("error", () => {});
  const reader = answersOf(socket);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  timer.unref?.();
  const ask = (...headers: readonly string[]) =>
    socket.write([`GET ${LINK_PATH} HTTP/1.1`, `host: ${host}`, ...headers, "", ""].join("\r\n"));
  try {
    const nonce = newNonce();
    ask(`${CHALLENGE_HEADER}: ${nonce}`);
    const { headers } = await reader.answer();
    const proof = headers.get(PROOF_HEADER) ?? "";
    if (!isSameSecret(proof, proofOf(token, nonce, Number(port))))
      throw new Error("it does not know the token");
    ask(`${TOKEN_HEADER}: ${token}`, "connection: upgrade", `upgrade: ${LINK_PROTOCOL}`);
    const { status } = await reader.answer();
    if (status !== 101) throw new Error(`it takes no links (${status})`);
    return { socket, head: reader.end() };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads answers one after the other: heads, and bodies of a length that is told. */
function answersOf(socket: Socket) {
  let bytes = Buffer.alloc(0);
  let wake = () => {};
  let closed = false;
  const onData = (chunk: Uint8Array) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > MAX_ANSWER_BYTES) socket.destroy();
    wake();
  };
  const onClose = () => {
    closed = true;
    wake();
  };
  socket.on("data", onData);
  socket.once("close", onClose);

  async function until<T>(found: () => T | null): Promise<T> {
    for (;;) {
      const it = found();
      if (it !== null) return it;
      if (closed) throw new Error("the connection ended");
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async answer(): Promise<Head> {
      const end = await until(() => (bytes.includes("\r\n\r\n") ? bytes.indexOf("\r\n\r\n") : null));
      const head = headIn(bytes.subarray(0, end).toString("latin1"));
      const length = head.status === 101 ? 0 : Number(head.headers.get("content-length") ?? Number.NaN);
      if (Number.isNaN(length)) throw new Error("its answer has no length");
      const whole = end + 4 + length;
      await until(() => (bytes.length >= whole ? true : null));
      bytes = bytes.subarray(whole);
      return head;
    },
    /** From here on the socket is somebody else's, who resumes it. */
    end(): Uint8Array {
      socket.pause();
      socket.off("data", onData);
      socket.off("close", onClose);
      return bytes;
    },
  };
}

function headIn(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers: new Map(headers) };
}
