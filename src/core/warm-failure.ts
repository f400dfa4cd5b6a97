/** What a failed warm says: whether another try can help, and when. */
import type { WarmFailure } from "../host.ts";

/** The failure in what a warm service resolved with, or null. Not every host is typed: anything may come. */
export function failureOf(result: unknown): WarmFailure | null {
  const told: Partial<WarmFailure> = typeof result === "object" && result !== null ? result : {};
  return told.error === undefined ? null : failureFrom(result);
}

/** A rejection, read as a failure; an error may carry the properties of {@link WarmFailure}. Never throws. */
export function failureFrom(rejection: unknown): WarmFailure {
  const told: Partial<WarmFailure> = typeof rejection === "object" && rejection !== null ? rejection : {};
  return {
    error: sentenceOf(rejection instanceof Error ? rejection : (told.error ?? rejection)),
    ...(typeof told.permanent === "boolean" ? { permanent: told.permanent } : {}),
    ...(typeof told.status === "number" ? { status: told.status } : {}),
    ...(typeof told.retryAfterMs === "number" ? { retryAfterMs: told.retryAfterMs } : {}),
  };
}

function sentenceOf(reason: unknown): string {
  if (reason instanceof Error) return reason.message || reason.name;
  try {
    return String(reason) || "no reason given";
  } catch {
    return "no reason given";
  }
}

/**
 * Whether trying again cannot help. Said outright, or by status: of the 4xx only 408, 409, 425 and 429
 * pass (docs/prompt-caching.md § 7). What says neither is taken for transient.
 */
export function isPermanent(failure: WarmFailure): boolean {
  if (failure.permanent !== undefined) return failure.permanent;
  const { status } = failure;
  if (status === undefined || status < 400 || status >= 500) return false;
  return ![408, 409, 425, 429].includes(status);
}
