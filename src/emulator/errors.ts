/** The `error.type` of each status (docs/prompt-caching.md § 7). */
const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

export interface ApiErrorDetail {
  /** Goes into `error.details.error_code`, where the SDK looks for it. */
  readonly errorCode?: string;
  /** Further fields of `error.details`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Headers of the answer, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer other than 200, thrown where the rule is broken and written by the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>> | null;

  constructor(status: number, message: string, detail: ApiErrorDetail = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.type = TYPE_BY_STATUS[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
    this.headers = detail.headers ?? {};
    this.details =
      detail.errorCode === undefined ? null : { error_code: detail.errorCode, ...detail.details };
  }

  /** The body of the answer; the same object is the data of an `error` event in a stream. */
  body(requestId: string): object {
    const error = { type: this.type, message: this.message };
    return {
      type: "error",
      error: this.details === null ? error : { ...error, details: this.details },
      request_id: requestId,
    };
  }
}

export function invalid(message: string): ApiError {
  return new ApiError(400, message);
}
