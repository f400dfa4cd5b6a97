/** The threads of one conversation, and which of them is its person's. */
import { continues, sharedMessages, type ThreadPrint } from "../anthropic/index.ts";

/** `main`: the thread that the person is in, and the one kept warm. `side`: a title, a sub-agent, a fork. */
export type Role = "main" | "side";

/** How things stand when a request is placed. */
export interface Standing {
  /** Requests of the main thread that are under way. */
  readonly open: readonly ThreadPrint[];
  /** Nothing of the main thread is in the cache any more. */
  readonly lapsed: boolean;
}

interface SideThread {
  readonly print: ThreadPrint;
  readonly stopReason: string | null;
}

/** Most that are remembered; beyond it the one seen longest ago is forgotten. */
const MOST_SIDES = 16;
const MOST_DISPLACED = 4;

export class Threads {
  /** As of its last answered request; until one was answered, as of the one that began it. */
  #main: ThreadPrint;
  #stopReason: string | null = null;
  /** Answered requests of the main thread. */
  #answers = 0;
  /** Main threads that others took the place of: they may come back. */
  #displaced: readonly ThreadPrint[] = [];
  #sides: readonly SideThread[] = [];

  constructor(first: ThreadPrint) {
    this.#main = first;
  }

  get main(): ThreadPrint {
    return this.#main;
  }

  get answered(): boolean {
    return this.#answers > 0;
  }

  /** Side threads seen. */
  get sides(): number {
    return this.#sides.length;
  }

  /** The main thread's last answer calls for a tool: whatever else is sent meanwhile serves it. */
  get awaitsTool(): boolean {
    return awaitsTool(this.#stopReason);
  }

  /** Messages of the longest of these threads that a request goes on from; 0 when it goes on from none. */
  continuedBy(print: ThreadPrint): number {
    const known = [this.#main, ...this.#displaced, ...this.#sides.map((side) => side.print)];
    return longestContinued(known, print);
  }

  roleOf(print: ThreadPrint, { open, lapsed }: Standing): Role {
    // Beside a request that is under way, what goes another way is a fork.
    const beside = open.filter(({ base }) => base === print.base);
    if (beside.length > 0 && longestContinued(beside, print) === 0) return "side";
    const mains = [this.#main, ...open, ...this.#displaced];
    const side = this.#sideContinuedBy(print);
    const continued = longestContinued(mains, print);
    if (continued > 0 && continued >= (side?.print.chain.length ?? 0)) return "main";
    if (side) return this.#takesOver(print, { open, lapsed }) ? "main" : "side";
    // Compaction and rewind supersede what they go back behind.
    if (mains.some(({ base }) => base === print.base)) return "main";
    return this.#replaces(print, { open, lapsed }) ? "main" : "side";
  }

  /**
   * Whether a request takes the place of the main thread's last one: not by asking its last exchange again, which
   * finds all but that in the cache.
   */
  isReplacedBy(print: ThreadPrint): boolean {
    if (this.#answers === 0) return false;
    const needed = Math.max(1, this.#main.chain.length - 2);
    return this.#main.base !== print.base || sharedMessages(this.#main, print) < needed;
  }

  /** A request of the main thread was answered. */
  answeredMain(print: ThreadPrint, stopReason: string | null): void {
    const isAnother = this.#main.base !== print.base;
    if (this.#answers > 0 && isAnother) {
      const others = this.#displaced.filter(({ base }) => base !== this.#main.base);
      this.#displaced = [this.#main, ...others].slice(0, MOST_DISPLACED);
    }
    this.#displaced = this.#displaced.filter(({ base }) => base !== print.base);
    this.#sides = this.#sides.filter((side) => !continues(side.print, print));
    // What took the place of a title has only begun.
    this.#answers = isAnother && sharedMessages(this.#main, print) === 0 ? 1 : this.#answers + 1;
    this.#main = print;
    this.#stopReason = stopReason;
  }

  answeredAside(print: ThreadPrint, stopReason: string | null): void {
    const others = this.#sides.filter((side) => !continues(side.print, print));
    this.#sides = [{ print, stopReason }, ...others].slice(0, MOST_SIDES);
  }

  /** Whether a request goes on in a side thread that had come to its end: so its person spoke in it. */
  isSpokenIn(print: ThreadPrint): boolean {
    const side = this.#sideContinuedBy(print);
    if (!side || side.stopReason === null || awaitsTool(side.stopReason)) return false;
    return side.print.chain.length > longestContinued([this.#main, ...this.#displaced], print);
  }

  #sideContinuedBy(print: ThreadPrint): SideThread | undefined {
    const continued = this.#sides.filter((side) => continues(side.print, print));
    return continued.toSorted((a, b) => b.print.chain.length - a.print.chain.length)[0];
  }

  /** Whether a person goes on in a side thread, which the main one has been left for. */
  #takesOver(print: ThreadPrint, { open, lapsed }: Standing): boolean {
    if (open.length > 0) return false;
    const isSpokenIn = this.isSpokenIn(print);
    if (lapsed) return isSpokenIn || (!this.awaitsTool && !this.#isLesser(print));
    if (!isSpokenIn || this.awaitsTool) return false;
    const goesOnFromMain = sharedMessages(this.#main, print) >= 2;
    return goesOnFromMain || (!this.#isLesser(print) && print.bytes >= this.#main.bytes);
  }

  /** Whether a request on another model, tools or system becomes the main thread at once. */
  #replaces(print: ThreadPrint, { open, lapsed }: Standing): boolean {
    if (this.#isLesser(print)) return false;
    // What came first may have been a title: the conversation's own request brings tools, or is the larger one.
    if (this.#answers <= 1 && !this.awaitsTool) {
      if (print.hasTools && !this.#main.hasTools) return true;
      if (print.hasTools === this.#main.hasTools && print.bytes > this.#main.bytes) return true;
    }
    // The same messages on another model, or for another agent.
    const shared = sharedMessages(this.#main, print);
    const goesOn = shared === this.#main.chain.length && print.chain.length > shared;
    if (shared >= 2 || goesOn) return open.length === 0;
    return lapsed && open.length === 0 && !this.awaitsTool;
  }

  /** Without the main thread's tools, or with nothing to be cached: so a summary, a title. */
  #isLesser(print: ThreadPrint): boolean {
    return (this.#main.hasTools && !print.hasTools) || (this.#main.isMarked && !print.isMarked);
  }
}

function longestContinued(threads: readonly ThreadPrint[], print: ThreadPrint): number {
  return Math.max(0, ...threads.map((thread) => (continues(thread, print) ? thread.chain.length : 0)));
}

function awaitsTool(stopReason: string | null): boolean {
  return stopReason === "tool_use" || stopReason === "pause_turn";
}
