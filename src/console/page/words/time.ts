/** Moments and lengths of time, for people. */
import { LOCALES } from "./locale.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = new Intl.NumberFormat(LOCALES, { minimumIntegerDigits: 2, useGrouping: false });
const plain = new Intl.NumberFormat(LOCALES, { useGrouping: false });

/** `3:12`, `1:02:03`; never below zero. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  const minutes = Math.floor(seconds / 60);
  const rest = two.format(seconds % 60);
  if (minutes < 60) return `${plain.format(minutes)}:${rest}`;
  return `${plain.format(Math.floor(minutes / 60))}:${two.format(minutes % 60)}:${rest}`;
}

/** The one or two largest units: `45 s`, `4 min`, `1 h 20 min`, `3 d`. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${plain.format(Math.max(0, Math.round(ms / SECOND)))} s`;
  if (ms < HOUR) return `${plain.format(Math.round(ms / MINUTE))} min`;
  const [large, name, small, part] =
    ms < DAY ? ([HOUR, "h", MINUTE, "min"] as const) : ([DAY, "d", HOUR, "h"] as const);
  const rounded = Math.round(ms / small) * small;
  const rest = Math.round((rounded % large) / small);
  const head = `${plain.format(Math.floor(rounded / large))} ${name}`;
  return rest === 0 ? head : `${head} ${plain.format(rest)} ${part}`;
}

/** Spoken: `3 minutes and 12 seconds`. For names that screen readers read. */
export function spoken(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  const parts = [
    [Math.floor(seconds / 3_600), "hour"],
    [Math.floor((seconds % 3_600) / 60), "minute"],
    [seconds % 60, "second"],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0).slice(0, 2);
  if (said.length === 0) return "no time";
  return said
    .map(([amount, unit]) => `${plain.format(amount)} ${unit}${amount === 1 ? "" : "s"}`)
    .join(" and ");
}

/** `now`, `4 min ago`. */
export function ago(at: number, now: number): string {
  const ms = now - at;
  return ms < 5 * SECOND ? "now" : `${span(ms)} ago`;
}

const clock = new Intl.DateTimeFormat(LOCALES, { hour: "numeric", minute: "2-digit" });
const exactClock = new Intl.DateTimeFormat(LOCALES, {
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
});
const dayAndClock = new Intl.DateTimeFormat(LOCALES, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
const full = new Intl.DateTimeFormat(LOCALES, { dateStyle: "medium", timeStyle: "medium" });
const shortDay = new Intl.DateTimeFormat(LOCALES, { month: "short", day: "numeric" });
const longDay = new Intl.DateTimeFormat(LOCALES, { weekday: "short", month: "short", day: "numeric" });

/** The clock alone today, with the day before that. */
export function moment(at: number, now: number): string {
  return (isSameDay(at, now) ? clock : dayAndClock).format(at);
}

/** So short that several things may happen in a minute of it, in ms. */
const SHORT = 15 * MINUTE;

/** With seconds where moments lie so close together. @param all epoch ms, in order */
export function momentAmong(all: readonly number[]): (at: number, now: number) => string {
  const spanMs = Math.abs((all.at(-1) ?? 0) - (all[0] ?? 0));
  return (at, now) => (spanMs < SHORT && isSameDay(at, now) ? exactClock.format(at) : moment(at, now));
}

export const exactTime = (at: number): string => exactClock.format(at);
export const fullTime = (at: number): string => full.format(at);

/** @param day `2026-11-20`, a day as the person's own calendar has it */
export const dayName = (day: string): string => longDay.format(dateOf(day));
export const shortDayName = (day: string): string => shortDay.format(dateOf(day));

/** As a calendar counts, where a day may have 23 hours or 25. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY).toISOString().slice(0, 10);
}

/** Local midnight of a day, epoch ms. */
export function dateOf(day: string): number {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date).getTime();
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
