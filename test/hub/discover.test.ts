import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  controlToken,
  discover,
  type GatewayRecord,
  isSameSecret,
  proofOf,
  publish,
  TokenError,
} from "../../src/hub/index.ts";
import { aStateDirectory, controlOf } from "../support/control-under-test.ts";
import { aConversation, controlledInMemory } from "../support/controlled-in-memory.ts";

const record: GatewayRecord = {
  pid: process.pid,
  gatewayUrl: "http://127.0.0.1:4777",
  controlUrl: "http://127.0.0.1:4778",
  startedAt: 1_800_000_000_000,
  version: "0.1.0",
};

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that nothing listens at. */
async function nobodyThere(): Promise<string> {
  const server = createServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return url;
}

const portOf = ({ localPort }: Socket): number => localPort ?? 0;

/** Something that keeps all it hears, and answers as it is told. */
async function listener(answer: (socket: Socket, heard: string) => void) {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard.push(chunk.toString("latin1"));
      answer(socket, chunk.toString("latin1"));
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: await listening(server), all: () => heard.join("") };
}

const http = (status: string, headers: string, body = "{}") =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

describe("a published gateway", () => {
  it("is found, and its client talks to it", async () => {
    const controlled = controlledInMemory(aConversation({ id: "chat" }));
    const { directory } = await controlOf(controlled);
    const found = await discover(directory);
    if (found.state !== "running") throw new Error(found.state);
    expect(found.record).toMatchObject({ pid: process.pid, version: "0.1.0" });
    expect(await found.client.status()).toEqual({
      gateway: controlled.info(),
      conversations: controlled.conversations(),
    });
  });

  it("is recorded in a file that only its owner may read, whole at every moment", async () => {
    const directory = aStateDirectory();
    await publish(directory, record);
    const file = join(directory, "gateway.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(record);
    // Whoever reads while others write finds one record or another, and never half of one.
    const writers = Array.from({ length: 20 }, (_, pid) => publish(directory, { ...record, pid: pid + 1 }));
    for (let look = 0; look < 20; look++) {
      expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: "0.1.0" });
      await new Promise(setImmediate);
    }
    await Promise.all(writers);
    expect(readdirSync(directory)).toEqual(["gateway.json"]);
  });

  it("takes its record back, once and twice", async () => {
    const directory = aStateDirectory();
    const publication = await publish(directory, record);
    await publication.withdraw();
    await publication.withdraw();
    expect(await discover(directory)).toEqual({ state: "none" });
  });

  it.each([{ pid: 1 }, { startedAt: 1 }, { controlUrl: "http://127.0.0.1:1" }])(
    "leaves the record of its successor alone: %j",
    async (other) => {
      const directory = aStateDirectory();
      const publication = await publish(directory, record);
      await publish(directory, { ...record, ...other });
      await publication.withdraw();
      expect(JSON.parse(readFileSync(join(directory, "gateway.json"), "utf8"))).toMatchObject(other);
    },
  );
});

describe("where there is no gateway", () => {
  it("none is found in a folder without a record, or that is not there", async () => {
    const directory = aStateDirectory();
    expect(await discover(directory)).toEqual({ state: "none" });
    expect(await discover(join(directory, "missing"))).toEqual({ state: "none" });
  });

  it("a record that was left behind is no error", async () => {
    const directory = aStateDirectory();
    await controlToken(directory);
    const controlUrl = await nobodyThere();
    await publish(directory, { ...record, controlUrl });
    expect(await discover(directory)).toEqual({ state: "stale", why: `nothing listens at ${controlUrl}` });
  });

  it("neither is one whose token is gone", async () => {
    const { directory } = await controlOf(controlledInMemory());
    rmSync(join(directory, "token"));
    expect(await discover(directory)).toEqual({ state: "stale", why: "its token is gone" });
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...record, pid: "1" }),
    JSON.stringify({ ...record, pid: -1 }),
    JSON.stringify({ ...record, controlUrl: "http://example.com:4778" }),
    JSON.stringify({ ...record, controlUrl: "https://127.0.0.1:4778" }),
    JSON.stringify({ ...record, controlUrl: "127.0.0.1:4778" }),
  ])("nor a damaged one, nor one that leads elsewhere: %s", async (content) => {
    const directory = aStateDirectory();
    await controlToken(directory);
    writeFileSync(join(directory, "gateway.json"), content);
    expect(await discover(directory)).toEqual({ state: "stale", why: "gateway.json is damaged" });
  });

  it("a process that does not answer is told from one that is gone", async () => {
    const directory = aStateDirectory();
    await controlToken(directory);
    const { url } = await listener(() => {});
    await publish(directory, { ...record, controlUrl: url });
    const hung = await discover(directory, { timeoutMs: 50, isAlive: () => true });
    expect(hung).toMatchObject({ state: "silent", record: { pid: process.pid } });
    const gone = await discover(directory, { timeoutMs: 50, isAlive: () => false });
    expect(gone).toEqual({ state: "stale", why: `process ${process.pid} is gone` });
  });

  it("an answer that only trickles is not waited for", async () => {
    const directory = aStateDirectory();
    await controlToken(directory);
    const { url } = await listener((socket) => {
      const trickle = setInterval(() => socket.write("HTTP/1.1 401 Unauthorized\r\n".slice(0, 1)), 10);
      socket.once("close", () => clearInterval(trickle));
    });
    await publish(directory, { ...record, controlUrl: url });
    expect(await discover(directory, { timeoutMs: 100 })).not.toMatchObject({ state: "running" });
  });
});

describe("an impostor at the gateway's port", () => {
  const answers: [what: string, answer: (socket: Socket, heard: string) => void][] = [
    ["says that all is well", (socket) => void socket.write(http("200 OK", ""))],
    ["refuses as a gateway would", (socket) => void socket.write(http("401 Unauthorized", ""))],
    [
      "makes a proof up",
      (socket) => void socket.write(http("401 Unauthorized", `x-keepwarm-proof: ${"A".repeat(43)}\r\n`)),
    ],
    [
      "returns the challenge",
      (socket, heard) => {
        const nonce = /x-keepwarm-challenge: (\S+)/i.exec(heard)?.[1];
        socket.write(http("401 Unauthorized", `x-keepwarm-proof: ${nonce}\r\n`));
      },
    ],
    [
      "proves another token",
      (socket, heard) => {
        const nonce = /x-keepwarm-challenge: (\S+)/i.exec(heard)?.[1] ?? "";
        const proof = proofOf("B".repeat(43), nonce, portOf(socket));
        socket.write(http("401 Unauthorized", `x-keepwarm-proof: ${proof}\r\n`));
      },
    ],
    [
      "sends it elsewhere",
      (socket) => void socket.write(http("302 Found", "Location: http://127.0.0.1:1/v1/status\r\n")),
    ],
    ["speaks something else", (socket) => void socket.write("SSH-2.0-OpenSSH_9.9\r\n")],
    ["hangs up", (socket) => void socket.destroy()],
    ["hangs up halfway", (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")],
  ];

  it.each(answers)("that %s never sees the token", async (_, answer) => {
    const directory = aStateDirectory();
    const token = await controlToken(directory);
    const { url, all } = await listener(answer);
    await publish(directory, { ...record, controlUrl: url });
    expect(await discover(directory, { timeoutMs: 1_000 })).toMatchObject({ state: "impostor" });
    expect(all()).toContain("x-keepwarm-challenge");
    expect(all()).not.toContain(token);
    expect(all()).not.toContain("x-keepwarm-token");
  });

  it("that proves itself and then sends without end is not listened to for ever", async () => {
    const directory = aStateDirectory();
    const token = await controlToken(directory);
    const { url } = await listener((socket, heard) => {
      const nonce = /x-keepwarm-challenge: (\S+)/i.exec(heard)?.[1] ?? "";
      socket.write(
        `HTTP/1.1 200 OK\r\nx-keepwarm-proof: ${proofOf(token, nonce, portOf(socket))}\r\n\r\n${"x".repeat(100_000)}`,
      );
    });
    await publish(directory, { ...record, controlUrl: url });
    expect(await discover(directory)).toMatchObject({ state: "impostor" });
  });

  it("that takes the port between proof and request never sees the token either", async () => {
    const directory = aStateDirectory();
    const token = await controlToken(directory);
    // Proves itself each time, and ends each connection: what comes next comes over another.
    const heard: string[] = [];
    const server = createHttpServer((request, response) => {
      heard.push(JSON.stringify(request.headers));
      const nonce = String(request.headers["x-keepwarm-challenge"] ?? "");
      response.writeHead(401, {
        "x-keepwarm-proof": proofOf(token, nonce, portOf(request.socket)),
        connection: "close",
      });
      response.end("{}");
    });
    onTestFinished(() => void server.close());
    await publish(directory, { ...record, controlUrl: await listening(server) });
    const found = await discover(directory);
    if (found.state !== "running") throw new Error(found.state);
    await expect(found.client.status()).rejects.toThrow("nothing listens where the gateway did");
    expect(heard).toHaveLength(2);
    expect(heard.join("")).not.toContain(token);
  });

  it("that comes later is not shown the token by a client made before", async () => {
    const { directory, port, close, token } = await controlOf(controlledInMemory());
    const found = await discover(directory);
    if (found.state !== "running") throw new Error(found.state);
    await close();
    await expect(found.client.status()).rejects.toThrow("nothing listens where the gateway did");
    const heard: string[] = [];
    const impostor = createHttpServer((request, response) => {
      heard.push(JSON.stringify(request.headers));
      response.end("{}");
    });
    await new Promise<void>((resolve) => impostor.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void impostor.close());
    await expect(found.client.stop()).rejects.toThrow("something else answers");
    expect(heard.join("")).not.toContain(token);
    expect(heard).toHaveLength(1);
  });

  it("cannot use a token that others may read: it is refused before anything is asked", async () => {
    const { directory } = await controlOf(controlledInMemory());
    rmSync(join(directory, "token"));
    writeFileSync(join(directory, "token"), "T".repeat(43), { mode: 0o644 });
    await expect(discover(directory)).rejects.toThrow(TokenError);
  });
});

describe("a secret", () => {
  it("is the same only as itself", () => {
    expect(isSameSecret("abc", "abc")).toBe(true);
    for (const other of ["abd", "ab", "abcd", "", "ABC"]) expect(isSameSecret("abc", other)).toBe(false);
  });

  it("is not told by its proof, which holds for one nonce at one port", () => {
    const proof = proofOf("secret", "nonce", 4778);
    // RFC 2104 over the fixed prefix and the nonce, as docs/control.md has it.
    expect(proof).toBe("CNsfUgdVkg0REo9YbIjQDoUJBrMwsmvDFOGqf0mX4Wg");
    expect(proofOf("secret", "other", 4778)).not.toBe(proof);
    expect(proofOf("other", "nonce", 4778)).not.toBe(proof);
    expect(proofOf("secret", "nonce", 4779)).not.toBe(proof);
  });
});
