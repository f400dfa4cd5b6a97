import { ApiError } from "./errors.ts";

/** A failure on demand. */
export interface Fault {
  /** HTTP status of the answer: 400, 401, 429, 500, 529, … */
  readonly status: number;
  /** Sent as `retry-after`, seconds. Leave it out for a spend-cap 429, which has none. */
  readonly retryAfterSeconds?: number;
  /** How many requests fail. @default 1 */
  readonly times?: number;
  /** `error.details.error_code`, such as `enforced_spend_limit_reached`. */
  readonly errorCode?: string;
  readonly message?: string;
  /**
   * Where it strikes: instead of a response; after `message_start` of a stream, as an `error` event; or by
   * closing the connection without an answer.
   * @default "response"
   */
  readonly at?: "response" | "stream" | "disconnect";
}

/** The request header that makes a request fail: `429; retry-after=2; error-code=…; at=stream`. */
export const FAULT_HEADER = "x-emulator-fault";

/** Faults waiting for a request to strike. */
export class Faults {
  readonly #waiting: { readonly fault: Fault; left: number }[] = [];

  failNext(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  /** The fault of a request that carries this header: its own first, else the next in line. */
  strike(header: string): Fault | null {
    const own = parseFault(header);
    if (own !== null) return own;
    const next = this.#waiting[0];
    if (next === undefined) return null;
    next.left -= 1;
    if (next.left <= 0) this.#waiting.shift();
    return next.fault;
  }
}

export function faultError(fault: Fault): ApiError {
  return new ApiError(fault.status, fault.message ?? MESSAGES[fault.status] ?? "Emulated fault", {
    ...(fault.errorCode === undefined ? {} : { errorCode: fault.errorCode }),
    headers: fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) },
  });
}

const MESSAGES: Readonly<Record<number, string>> = {
  401: "invalid x-api-key",
  429: "This request would exceed your rate limit. Please try again later.",
  500: "Internal server error",
  529: "Overloaded",
};

function parseFault(header: string): Fault | null {
  const [status, ...parameters] = header.split(";").map((part) => part.trim());
  if (status === undefined || !/^[45]\d\d$/.test(status)) return null;
  const given = new Map(parameters.map((parameter) => splitOnce(parameter)));
  const retryAfter = Number(given.get("retry-after") ?? Number.NaN);
  const errorCode = given.get("error-code");
  const at = given.get("at");
  return {
    status: Number(status),
    ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(at === "stream" || at === "disconnect" ? { at } : {}),
  };
}

function splitOnce(parameter: string): [string, string] {
  const [name = "", ...rest] = parameter.split("=");
  return [name.trim(), rest.join("=").trim()];
}
