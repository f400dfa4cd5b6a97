/** The terminal's half, as far as it draws nothing. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Standing } from "../../../src/hosts/native/index.ts";
import { createConversing } from "../../../src/hosts/opencode/conversing.ts";
import type { CommandEvent, PressedKey, TerminalApi } from "../../../src/hosts/opencode/opencode-api.ts";
import { createStandings } from "../../../src/hosts/opencode/standings.ts";
import { typedWarm } from "../../../src/hosts/opencode/typed-warm.ts";
import { eventOf, saidIn } from "../../../src/hosts/opencode/words.ts";

const NOW = 1_800_000_000_000;

function standing(over: Partial<Standing["state"]> = {}, now = NOW): Standing {
  return {
    state: { enabled: true, nextWarmAt: NOW + 192_000, lastExpectedPct: 98, intervalMs: 240_000, ...over },
    status: { phase: "idle", why: null },
    figures: { warms: 3, warmsUnpriced: 0, spentUsd: 0.03, savedUsd: 0.15 },
    now,
  };
}

describe("what was typed at the prompt", () => {
  const pressed = (over: object = {}): PressedKey => ({ event: { name: "return", ...over }, consume() {} });
  const read = (plainText: string, key = pressed(), open = false) => {
    const renderer = { currentFocusedEditor: { plainText, clear() {} }, on() {}, off() {} };
    const dialog = { open, replace() {}, clear() {} };
    const ui: TerminalApi["ui"] = {
      dialog,
      toast() {},
      DialogSelect: () => {
        throw new Error("unasked");
      },
    };
    return typedWarm(key, { renderer, ui })?.text ?? null;
  };

  it("is keepwarm's where it is /warm and some words, and Enter was pressed", () => {
    expect(read("/warm 30m")).toBe("30m");
    expect(read("  /warm  3 pings ")).toBe("3 pings");
    expect(read("/warm")).toBe("");
  });

  it("is OpenCode's where it is anything else", () => {
    for (const text of ["", "warm on", "/warmer", "/warming up", "say /warm on", "/warm on\nand more"])
      expect(read(text)).toBeNull();
    expect(read("/warm on", pressed({ shift: true }))).toBeNull();
    expect(read("/warm on", pressed({ name: "x" }))).toBeNull();
    expect(read("/warm on", pressed(), true)).toBeNull();
  });
});

describe("what is shown of a conversation", () => {
  it("counts down on the terminal's own clock, whatever the server's says", () => {
    let now = 5_000;
    const standings = createStandings(() => now);
    expect(standings.line("a")).toBeNull();
    standings.learn("a", standing());
    expect(standings.line("a")).toBe("warm 3:12 · 98 % · net $0.12");
    now += 60_000;
    expect(standings.line("a")).toBe("warm 2:12 · 98 % · net $0.12");
    expect(standings.sentences("a")).toMatch(/^Warming is on; the next warm is due in 2:12\./);
  });

  it("is forgotten once a warm is long overdue, because nobody tells of it any more", () => {
    let now = NOW;
    const standings = createStandings(() => now);
    standings.learn("a", standing());
    now = NOW + 203_000;
    expect(standings.line("a")).toBeNull();
    expect(standings.areCounting()).toBe(false);
  });

  it("has no line while it is off, and says so in words", () => {
    const standings = createStandings(() => NOW);
    standings.learn("a", { ...standing({ enabled: false, nextWarmAt: null }), figures: null });
    expect(standings.line("a")).toBeNull();
    expect(standings.sentences("a")).toMatch(/^Warming is off/);
    expect(standings.isEnabled("a")).toBe(false);
  });
});

describe("a terminal and a server", () => {
  function terminal() {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const said: unknown[] = [];
    const answers: string[] = [];
    let hear: (event: unknown) => void = () => {};
    const api = {
      client: {
        tui: {
          async publish({ body }: { body: CommandEvent }) {
            said.push(saidIn(body));
            return {};
          },
        },
      },
      event: {
        on(_: string, handler: (event: unknown) => void) {
          hear = handler;
          return () => {};
        },
      },
    };
    const standings = createStandings(Date.now);
    const conversing = createConversing(api, {
      stands: standings.learn,
      answer: (text) => answers.push(text),
      isEnabled: standings.isEnabled,
    });
    onTestFinished(conversing.dispose);
    return { said, answers, conversing, standings, hear: (event: unknown) => hear(event) };
  }

  it("ask again soon while nothing was told, and once a minute afterwards", () => {
    const { said, conversing, hear } = terminal();
    const lookFor = (ms: number) => {
      said.length = 0;
      for (let passed = 0; passed < ms; passed += 1_000) {
        conversing.look("a");
        vi.advanceTimersByTime(1_000);
      }
      return said.length;
    };
    expect(lookFor(20_000)).toBe(4);
    hear(eventOf({ kind: "stands", session: "a", standing: standing() }));
    expect(lookFor(120_000)).toBeLessThanOrEqual(25);
  });

  it("give an answer to the terminal that asked, and to no other", () => {
    const { said, answers, conversing, hear } = terminal();
    conversing.ask("a", "30m");
    const [asked] = said as { id: string }[];
    hear(eventOf({ kind: "answer", session: "a", text: "for another", id: "other" }));
    hear(eventOf({ kind: "answer", session: "a", text: "Warming is on.", id: asked?.id ?? "" }));
    vi.advanceTimersByTime(10_000);
    expect(answers).toEqual(["Warming is on."]);
  });

  it("say so where nobody answers", () => {
    const { answers, conversing } = terminal();
    conversing.ask("a", "on");
    vi.advanceTimersByTime(10_000);
    expect(answers).toEqual([expect.stringMatching(/^keepwarm does not answer.*keepwarm doctor/)]);
  });

  it("are patient with one that is known to be at it, as with a warm that is sent now", () => {
    const { said, answers, conversing, hear } = terminal();
    conversing.ask("a", "now");
    const [asked] = said as { id: string }[];
    hear(eventOf({ kind: "stands", session: "a", standing: standing() }));
    vi.advanceTimersByTime(30_000);
    expect(answers).toEqual([]);
    hear(eventOf({ kind: "answer", session: "a", text: "Warming is on.", id: asked?.id ?? "" }));
    vi.advanceTimersByTime(300_000);
    expect(answers).toEqual(["Warming is on."]);
  });

  it("tell that somebody types, without what, and only where it matters", () => {
    const { said, conversing, hear } = terminal();
    conversing.present("a", true);
    expect(said).toEqual([]);
    hear(eventOf({ kind: "stands", session: "a", standing: standing({}, Date.now()) }));
    for (let key = 0; key < 50; key++) conversing.present("a", true);
    expect(said).toEqual([{ kind: "present", session: "a", present: true }]);
    conversing.present("a", false);
    expect(said).toHaveLength(2);
  });
});
