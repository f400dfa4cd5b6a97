import { describe, expect, it } from "vitest";
import { createScreen } from "../../../src/cli/watch/screen.ts";
import { terminalScreen } from "../../support/terminal-screen.ts";

describe("a screen", () => {
  it("takes the terminal, draws, and gives it back as it was", () => {
    const terminal = terminalScreen();
    const screen = createScreen(terminal);
    screen.enter();
    expect([terminal.isAlternate(), terminal.isCursorShown()]).toEqual([true, false]);
    screen.draw(["one", "", "three"]);
    expect(terminal.shown()).toEqual(["one", "", "three"]);
    screen.leave();
    expect([terminal.isAlternate(), terminal.isCursorShown()]).toEqual([false, true]);
  });

  it("writes only the lines that differ, in one piece that is shown at once", () => {
    const terminal = terminalScreen();
    const screen = createScreen(terminal);
    screen.enter();
    screen.draw(["one", "two", "three"]);
    terminal.written.length = 0;
    screen.draw(["one", "2", "three"]);
    expect(terminal.written).toEqual(["\u001b[?2026h\u001b[2;1H2\u001b[0m\u001b[K\u001b[?2026l"]);
    expect(terminal.shown()).toEqual(["one", "2", "three"]);
    screen.draw(["one", "2", "three"]);
    expect(terminal.written).toHaveLength(1);
  });

  it("takes away lines that are no more, and leaves out those that it has no room for", () => {
    const terminal = terminalScreen(20, 2);
    const screen = createScreen(terminal);
    screen.enter();
    screen.draw(["one", "two", "three"]);
    expect(terminal.shown()).toEqual(["one", "two"]);
    screen.draw(["one"]);
    expect(terminal.shown()).toEqual(["one", ""]);
  });

  it("draws everything anew once something else has written there", () => {
    const terminal = terminalScreen();
    const screen = createScreen(terminal);
    screen.enter();
    screen.draw(["one", "two"]);
    terminal.write("\u001b[1;1Hrubbish");
    screen.spoil();
    screen.draw(["one", "two"]);
    expect(terminal.shown()).toEqual(["one", "two"]);
  });

  it("writes nothing to a terminal that it has not got, or got no more", () => {
    const terminal = terminalScreen();
    const screen = createScreen(terminal);
    screen.draw(["one"]);
    screen.leave();
    expect(terminal.written).toEqual([]);
    screen.enter();
    screen.enter();
    screen.leave();
    screen.leave();
    expect(terminal.written).toHaveLength(2);
    screen.draw(["one"]);
    expect(terminal.written).toHaveLength(2);
  });

  it("draws anew when it is taken again", () => {
    const terminal = terminalScreen();
    const screen = createScreen(terminal);
    screen.enter();
    screen.draw(["one"]);
    screen.leave();
    terminal.write("\u001b[2J");
    screen.enter();
    screen.draw(["one"]);
    expect(terminal.shown()).toEqual(["one"]);
  });
});
