/** Arguments that several commands take. */
import { InvalidArgumentError } from "commander";
import ms from "ms";

/** Longest duration that makes sense for a cache entry, in ms: a day. */
const LONGEST_MS = 86_400_000;

/** A duration such as `6s`, `5m` or `1h`, in ms. */
export function duration(text: string): number {
  const value = /^\d.*[a-z]$/i.test(text) ? ms(text as ms.StringValue) : undefined;
  if (value === undefined || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("Write it as a number with a unit, such as 6s, 5m or 1h.");
  }
  if (value > LONGEST_MS) throw new InvalidArgumentError("A day is the longest.");
  return value;
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError("A port is a whole number from 0 (any that is free) to 65535.");
  }
  return port;
}
