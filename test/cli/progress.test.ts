import { describe, expect, it } from "vitest";
import { progressLine } from "../../src/cli/progress.ts";

function aTerminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) > 0 };
  return { stream, written };
}

describe("a progress line", () => {
  it("fills up, and is taken away at the end", () => {
    let now = 0;
    const { stream, written } = aTerminal(true);
    const progress = progressLine(stream, () => (now += 100));
    progress.show(0.5, "reading");
    progress.show(2, "reading");
    progress.end();
    expect(written).toEqual([
      `\r\u001b[K${"█".repeat(12)}${"░".repeat(12)} reading`,
      `\r\u001b[K${"█".repeat(24)} reading`,
      "\r\u001b[K",
    ]);
  });

  it("is drawn a few times a second at most, and never wider than the terminal", () => {
    const { stream, written } = aTerminal(true, 30);
    const progress = progressLine(stream, () => 0);
    for (let share = 0; share < 1; share += 0.01) progress.show(share, "x".repeat(200));
    expect(written).toHaveLength(1);
    expect(written[0]?.length).toBe("\r\u001b[K".length + 29);
  });

  it("is nothing where nobody watches", () => {
    const { stream, written } = aTerminal(false);
    const progress = progressLine(stream, () => 0);
    progress.show(0.5, "reading");
    progress.end();
    expect(written).toEqual([]);
  });
});
