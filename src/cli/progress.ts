/** One line on stderr that a terminal overwrites; nothing where nobody watches. */

export interface Progress {
  /** @param share of the whole that is done, 0–1 */
  show(share: number, what: string): void;
  /** Takes the line away again. */
  end(): void;
}

/** What of a stream it needs. */
type Terminal = Pick<NodeJS.WriteStream, "isTTY" | "columns"> & { write(text: string): boolean };

const BAR_WIDTH = 24;
const EVERY_MS = 80;
const CLEAR = "\r\u001b[K";

export function progressLine(stderr: Terminal = process.stderr, now: () => number = Date.now): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show(share, what) {
      const at = now();
      if (!stderr.isTTY || at - shownAt < EVERY_MS) return;
      shownAt = at;
      isShown = true;
      const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
      const line = `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${what}`;
      stderr.write(CLEAR + line.slice(0, Math.max(10, stderr.columns || 80) - 1));
    },
    end() {
      if (isShown) stderr.write(CLEAR);
    },
  };
}
