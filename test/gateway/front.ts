/** What stands between a gateway and the emulator, and can fail in the ways that a network does. */
import * as net from "node:net";
import { onTestFinished } from "vitest";

/** How new connections fare; `refuse` lets nobody in. */
export type Mood = "pass" | "refuse" | "reset" | "hang" | ((client: net.Socket) => void);

export interface Front {
  readonly url: string;
  mood: Mood;
  /** Connections that were tried while it did not pass. */
  readonly tried: number;
}

export async function frontOf(upstream: string): Promise<Front> {
  const sockets = new Set<net.Socket>();
  let mood: Mood = "pass";
  let tried = 0;
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on("error", () => {});
    client.on("close", () => sockets.delete(client));
    if (mood !== "pass") tried++;
    if (mood === "reset") client.resetAndDestroy();
    else if (typeof mood === "function") mood(client);
    else if (mood === "pass") {
      const onward = net.connect({ port: Number(new URL(upstream).port), host: "127.0.0.1" });
      sockets.add(onward);
      onward.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.on("close", () => onward.destroy());
      client.pipe(onward).pipe(client);
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as net.AddressInfo;
  const hangUp = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  onTestFinished(() => {
    hangUp();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    get tried() {
      return tried;
    },
    get mood() {
      return mood;
    },
    set mood(next) {
      mood = next;
      hangUp();
      if (next === "refuse") server.close();
      else if (!server.listening) server.listen(port, "127.0.0.1");
    },
  };
}
