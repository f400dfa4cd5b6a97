/** `keepwarm watch` on a terminal: the whole screen, for as long as its person looks. */
import type { Timers } from "../../host.ts";
import type { Follower } from "./follow.ts";
import { type FrameOptions, frameOf } from "./frame.ts";
import type { Keys } from "./keys.ts";
import { NOTHING_SEEN, type Picture, seen } from "./picture.ts";
import { createScreen, type Terminal } from "./screen.ts";

/** A terminal that tells when its size has changed. */
export interface SizedTerminal extends Terminal {
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

export interface OnScreen extends Follower {
  /** Gives the terminal back. May be called more than once. */
  leave(): void;
  /** Takes it again. */
  enter(): void;
}

export interface OnScreenOptions {
  readonly terminal: SizedTerminal;
  /** Null where nobody can press any. */
  readonly keys: Keys | null;
  /** Epoch ms. */
  readonly now: () => number;
  readonly timers: Timers;
  /** Its person has seen enough. */
  readonly onEnough: () => void;
  /** Its person wants the shell back for a while (Ctrl-Z). */
  readonly onSuspend: () => void;
}

/** Events that come together are drawn together, in ms. */
const GATHER_MS = 40;

export function showOnScreen(options: OnScreenOptions): OnScreen {
  const { terminal, keys, now, timers, onEnough, onSuspend } = options;
  const screen = createScreen(terminal);
  let picture: Picture = NOTHING_SEEN;
  let gone: FrameOptions["gone"] = null;
  let scrolled = 0;
  let shown = { most: 0, page: 0 };
  let next: number | null = null;
  let isSoon = false;

  function draw(): void {
    const { columns, rows } = terminal;
    const frame = frameOf(picture, { now: now(), columns, rows, scrolled, gone });
    shown = frame;
    scrolled = Math.min(scrolled, frame.most);
    screen.draw(frame.lines);
    // Countdowns go on with the clock's own seconds.
    isSoon = false;
    drawIn(1_000 - (now() % 1_000));
  }

  function drawIn(delayMs: number): void {
    if (next !== null) timers.clearTimer(next);
    next = timers.setTimer(draw, delayMs);
  }

  function drawSoon(): void {
    if (isSoon) return;
    isSoon = true;
    drawIn(GATHER_MS);
  }

  function redraw(): void {
    screen.spoil();
    draw();
  }

  function scrollTo(line: number): void {
    scrolled = Math.min(Math.max(0, line), shown.most);
    draw();
  }

  const actions: Readonly<Record<string, () => void>> = {
    q: onEnough,
    "ctrl-c": onEnough,
    "ctrl-d": onEnough,
    "ctrl-z": onSuspend,
    "ctrl-l": redraw,
    up: () => scrollTo(scrolled - 1),
    k: () => scrollTo(scrolled - 1),
    down: () => scrollTo(scrolled + 1),
    j: () => scrollTo(scrolled + 1),
    pageup: () => scrollTo(scrolled - shown.page),
    pagedown: () => scrollTo(scrolled + shown.page),
    space: () => scrollTo(scrolled + shown.page),
    home: () => scrollTo(0),
    end: () => scrollTo(shown.most),
  };

  return {
    onThere() {
      gone = null;
      drawSoon();
    },
    onEvent(event) {
      picture = seen(picture, event);
      drawSoon();
    },
    onGone(why) {
      gone = { why, since: gone?.since ?? now() };
      draw();
    },
    leave() {
      if (next !== null) timers.clearTimer(next);
      next = null;
      terminal.off("resize", redraw);
      keys?.release();
      screen.leave();
    },
    enter() {
      screen.enter();
      terminal.on("resize", redraw);
      keys?.hear((name) => actions[name]?.());
      draw();
    },
  };
}
