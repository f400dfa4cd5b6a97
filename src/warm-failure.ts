/** What a failed warm says: whether another try can help, and when. */
import type { Usage, WarmFailure } from "./host.ts";

/** The failure in what a warm service resolved with, or null. */
export function failureOf(result: Usage | WarmFailure | undefined): WarmFailure | null {
  return result !== undefined && result !== null && "error" in result ? result : null;
}

/** A rejection, read as a failure; an error may carry the properties of {@link WarmFailure}. */
export function failureFrom(rejection: unknown): WarmFailure {
  const told: Partial<WarmFailure> = typeof rejection === "object" && rejection !== null ? rejection : {};
  return {
    error: rejection instanceof Error ? rejection.message : String(told.error ?? rejection),
    ...(typeof told.permanent === "boolean" ? { permanent: told.permanent } : {}),
    ...(typeof told.status === "number" ? { status: told.status } : {}),
    ...(typeof told.retryAfterMs === "number" ? { retryAfterMs: told.retryAfterMs } : {}),
  };
}

/**
 * Whether trying again cannot help. Said outright, or by status: of the 4xx only 408, 409, 425 and 429
 * pass (prompt-caching facts § 7). What says neither is taken for transient.
 */
export function isPermanent(failure: WarmFailure): boolean {
  if (failure.permanent !== undefined) return failure.permanent;
  const { status } = failure;
  if (status === undefined || status < 400 || status >= 500) return false;
  return ![408, 409, 425, 429].includes(status);
}
