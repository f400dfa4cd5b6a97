import { describe, expect, it, vi } from "vitest";
import { keepWarmText } from "../../../src/console/page/words/keep-warm.ts";
import { counted, likelihood, money } from "../../../src/console/page/words/money.ts";
import { ago, countdown, dateOf, momentAmong, span } from "../../../src/console/page/words/time.ts";

// Whatever the language of the machine that tests.
vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en-US@posix", "en-US"] }));

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("words", () => {
  it("say amounts with as many digits as tell something", () => {
    expect([0, 12.345, 0.1, 0.0345, 0.0012, -0.5].map((usd) => money(usd))).toEqual([
      "$0.00",
      "$12.35",
      "$0.10",
      "$0.035",
      "$0.0012",
      "−$0.50",
    ]);
    expect([1, -1, 0, -0.00001].map((usd) => money(usd, { sign: true }))).toEqual([
      "+$1.00",
      "−$1.00",
      "$0.00",
      "$0.00",
    ]);
  });

  it("count down to nothing and not beyond", () => {
    expect([192 * SECOND, 3_723 * SECOND, 400, 0, -5].map(countdown)).toEqual([
      "3:12",
      "1:02:03",
      "0:01",
      "0:00",
      "0:00",
    ]);
  });

  it("say a length of time by its one or two largest units", () => {
    expect([0, 45 * SECOND, 4 * MINUTE, 80 * MINUTE, 119.8 * MINUTE, 72 * HOUR, 25 * HOUR].map(span)).toEqual(
      ["0 s", "45 s", "4 min", "1 h 20 min", "2 h", "3 d", "1 d 1 h"],
    );
    expect([ago(0, SECOND), ago(0, 4 * MINUTE), ago(SECOND, 0)]).toEqual(["now", "4 min ago", "now"]);
  });

  it("say chances, choices and counts", () => {
    expect([0, 0.034, 0.34, 0.999].map(likelihood)).toEqual([
      "0\u00a0%",
      "3.4\u00a0%",
      "34\u00a0%",
      "100\u00a0%",
    ]);
    expect(["auto", "30m", "2h", "1 ping", "newer words"].map(keepWarmText)).toEqual([
      "Auto",
      "30 min",
      "2 h",
      "1 ping",
      "newer words",
    ]);
    expect([counted(1, "warm"), counted(1_200, "warm")]).toEqual(["1 warm", "1,200 warms"]);
  });

  it("say moments with their seconds where they lie within minutes of each other", () => {
    const at = new Date(2026, 10, 20, 15, 46, 10).getTime();
    expect(momentAmong([at, at + 5 * MINUTE])(at, at)).toMatch(/3:46:10.PM/);
    expect(momentAmong([at + 5 * MINUTE, at])(at, at)).toMatch(/3:46:10.PM/);
    expect(momentAmong([at, at + 16 * MINUTE])(at, at)).toMatch(/3:46.PM/);
  });

  it("take a day for the person's own", () => {
    expect(new Date(dateOf("2026-11-20")).toDateString()).toBe("Fri Nov 20 2026");
  });
});
