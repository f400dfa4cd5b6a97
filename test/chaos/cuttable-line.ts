/**
 * Lines to a server that can be cut: nothing passes, and neither side is told. Forked, with the server's port and how many
 * lines there are to be; tells their ports.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** `resume`: what was held up arrives. `reset`: every connection of before is broken. */
export interface LineChange {
  readonly lines: readonly number[];
  readonly to: "cut" | "resume" | "reset";
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

async function aLineTo(port: number) {
  const pairs = new Set<Pair>();
  let isCut = false;

  function join({ near, far }: Pair): void {
    near.pipe(far);
    far.pipe(near);
  }

  function part({ near, far }: Pair): void {
    near.unpipe(far).pause();
    far.unpipe(near).pause();
  }

  function end(pair: Pair): void {
    pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  }

  const server = createServer((near) => {
    const pair = { near, far: connect({ port, host: "127.0.0.1" }) };
    pairs.add(pair);
    for (const side of [pair.near, pair.far]) {
      side.on("error", () => end(pair)).on("close", () => end(pair));
    }
    if (isCut) part(pair);
    else join(pair);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    change(to: LineChange["to"]) {
      isCut = to === "cut";
      for (const pair of [...pairs]) {
        if (to === "cut") part(pair);
        else if (to === "resume") join(pair);
        else end(pair);
      }
    },
  };
}

const [port, count] = process.argv.slice(2).map(Number);
const lines = await Promise.all(Array.from({ length: count ?? 1 }, () => aLineTo(port ?? 0)));
process.on("message", (change: LineChange) => {
  for (const at of change.lines) lines[at]?.change(change.to);
});
process.once("disconnect", () => process.exit());
process.send?.(lines.map((line) => line.port).join());
