/** Who listens on a port, as far as the system tells us, and as far as it says so itself. */
import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { isKeepwarm } from "../hub/index.ts";

/**
 * Whoever holds a port that the gateway of our own state directory does not: `process 99 (nginx)`, `a keepwarm gateway of
 * another KEEPWARM_HOME (process 99)`; null where that cannot be known, as of another person's process.
 */
export async function holderOf(port: number): Promise<string | null> {
  const [process, isGateway] = await Promise.all([listenerOn(port), isKeepwarm(port)]);
  if (!isGateway) return process === null ? null : `process ${process.pid} (${process.name})`;
  const which = process === null ? "" : ` (process ${process.pid})`;
  return `a keepwarm gateway of another KEEPWARM_HOME${which}`;
}

interface Listener {
  readonly pid: string;
  /** Of its program: the name of its first thread says `MainThread` of all that Node runs. */
  readonly name: string;
}

async function listenerOn(port: number): Promise<Listener | null> {
  return process.platform === "linux" ? fromProc(port) : fromLsof(port);
}

/** State of a listening socket, proc(5). */
const LISTEN = "0A";

async function fromProc(port: number): Promise<Listener | null> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  const sockets = new Set(
    tables
      .flatMap((table) => table.trim().split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, local = "", , state]) =>
          state === LISTEN && Number.parseInt(local.split(":")[1] ?? "", 16) === port,
      )
      .map((fields) => `socket:[${fields[9]}]`),
  );
  if (sockets.size === 0) return null;
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      if (!sockets.has(target)) continue;
      const program = await readlink(`/proc/${pid}/exe`).catch(() => null);
      const name = program ?? (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""));
      return { pid, name: basename(name.trim()) };
    }
  }
  return null;
}

async function fromLsof(port: number): Promise<Listener | null> {
  try {
    const args = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"];
    const { stdout } = await promisify(execFile)("lsof", args, { timeout: 5_000 });
    const [, pid] = /^p(\d+)$/m.exec(stdout) ?? [];
    const [, name] = /^c(.+)$/m.exec(stdout) ?? [];
    return pid === undefined ? null : { pid, name: name ?? "?" };
  } catch {
    return null;
  }
}
