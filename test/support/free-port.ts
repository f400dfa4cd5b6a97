import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those that the system hands out itself, to connections as well: one of them may be gone before it is used. */
const FIRST = 10_000;
const LAST = 32_000;

const given = new Set<number>();

/** A port that nobody listens on, and that is given to nobody else in this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
