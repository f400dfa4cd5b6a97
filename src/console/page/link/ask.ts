/** One question to the control API. */
import type * as z from "zod/mini";
import { TOKEN_HEADER } from "../../../hub/headers.ts";
import { errorAnswer } from "../../../hub/views/index.ts";

/** The gateway said no, or nothing. `message` is a sentence for people. */
export class AskError extends Error {
  override readonly name = "AskError";
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Asked {
  readonly path: string;
  /** To go on after it, of an event stream. */
  readonly lastEventId?: string;
  /** Left out: a GET. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** How long an answer may take, in ms. A warm that a person asked for takes some seconds. */
const PATIENCE_MS = 60_000;

/** @throws {AskError} */
export async function ask<T>(
  token: string,
  { path, body, signal }: Asked,
  schema: z.ZodMiniType<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const answer = await reach(token, {
    path,
    body,
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
  const told: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    const said = errorAnswer.safeParse(told);
    throw new AskError(
      answer.status,
      said.success ? said.data.error : `The gateway answered ${answer.status}.`,
    );
  }
  const parsed = schema.safeParse(told);
  if (!parsed.success) throw new AskError(answer.status, UNREADABLE);
  return parsed.data;
}

export const UNREADABLE = "The gateway is of a version that this page does not know. Load the page anew.";

/** @throws {AskError} when there is no answer at all */
export async function reach(token: string, { path, body, signal, lastEventId }: Asked): Promise<Response> {
  try {
    return await fetch(path, {
      headers: {
        [TOKEN_HEADER]: token,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      cache: "no-store",
      // It never sends anybody elsewhere.
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new AskError(0, "The gateway does not answer.");
  }
}

/** @throws {AskError} for the two ids that an address cannot carry, because they mean its folders */
export function conversationPath(id: string, action: string): string {
  if (id === "." || id === "..") throw new AskError(400, `${id} cannot be used as a conversation's id here.`);
  return `/v1/conversations/${encodeURIComponent(id.toWellFormed())}/${action}`;
}
