/** A client of the control API. Every request goes over a connection that has proven itself first. */
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { type Asked, openProven, type ProvenConnection, UnprovenError } from "./connection.ts";
import { type HeldRun, holdRun } from "./held-run.ts";
import { type Listening, type ListenOptions, listenTo } from "./listen.ts";
import type { GatewayRecord } from "./record.ts";
import {
  type ChangeAnswer,
  type ConversationView,
  changeAnswer,
  conversationAnswer,
  errorAnswer,
  type ReportAnswer,
  reportAnswer,
  type StatusAnswer,
  statusAnswer,
  type WarmAnswer,
  warmAnswer,
} from "./views/index.ts";

/** How long a gateway may take to prove itself, in ms. */
export const PROOF_TIMEOUT_MS = 2_000;

/** The gateway said no. `message` is its sentence. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What `keepwarm run` tells of its command. */
export interface RunRequest {
  /** Letters, digits, `-` and `_`; the gateway chooses one where it is left out. */
  readonly runId?: string;
  readonly pid: number;
  /** The program's name, without its arguments. */
  readonly command: string;
  /** The folder it is started in: the project's, for titles. */
  readonly cwd?: string;
  /** Where this command's requests go, where that is not the gateway's own upstream. */
  readonly upstream?: string;
  /** Switches warming on for this run's conversations, except those that have a setting of their own. @default false */
  readonly enableNew?: boolean;
}

/**
 * Every method rejects with {@link ControlError} when the gateway says no, and with `UnprovenError` when
 * what answers is no longer the gateway.
 */
export interface ControlClient {
  readonly record: GatewayRecord;
  status(): Promise<StatusAnswer>;
  /** Null: none of that id is open. */
  conversation(conversationId: string): Promise<ConversationView | null>;
  setEnabled(conversationId: string, enabled: boolean): Promise<ChangeAnswer>;
  /** @param intervalMs null: back to following the TTL */
  setIntervalMs(conversationId: string, intervalMs: number | null): Promise<ChangeAnswer>;
  /** @param keepWarm in the policy's words; null: what holds where nobody chose */
  setKeepWarm(conversationId: string, keepWarm: string | null): Promise<ChangeAnswer>;
  /** Resolves when the warm has landed. */
  warmNow(conversationId: string): Promise<WarmAnswer>;
  forget(conversationId: string): Promise<void>;
  /** @param since epoch ms */
  report(since: number): Promise<ReportAnswer>;
  /** Forgets what was learned of how the person pauses. */
  forgetPauses(): Promise<void>;
  /** Hears what changes from now on, after all that is known so far. */
  listen(options: ListenOptions): Promise<Listening>;
  /** Registers a run for as long as the answer is held. */
  attachRun(run: RunRequest): Promise<HeldRun>;
  /** Resolves when the gateway has begun to stop. */
  stop(): Promise<void>;
}

export function createControlClient(record: GatewayRecord, token: string): ControlClient {
  const connect = () => openProven(record.controlUrl, token, PROOF_TIMEOUT_MS);

  async function ask<T>(asked: Asked, schema: z.ZodMiniType<T>): Promise<T> {
    const connection = await connect();
    try {
      return read(await exchange(connection, asked), schema);
    } finally {
      connection.close();
    }
  }

  const act = async <T>(conversationId: string, action: string, schema: z.ZodMiniType<T>, body?: unknown) =>
    ask({ method: "POST", path: conversationPath(conversationId, action), body }, schema);

  return {
    record,
    status: () => ask({ method: "GET", path: "/v1/status" }, statusAnswer),
    async conversation(id) {
      try {
        return (await ask({ method: "GET", path: conversationPath(id) }, conversationAnswer)).conversation;
      } catch (error) {
        if (error instanceof ControlError && error.status === 404) return null;
        throw error;
      }
    },
    setEnabled: (id, enabled) => act(id, enabled ? "on" : "off", changeAnswer),
    setIntervalMs: (id, intervalMs) => act(id, "interval", changeAnswer, { intervalMs }),
    setKeepWarm: (id, keepWarm) => act(id, "keep-warm", changeAnswer, { keepWarm }),
    warmNow: (id) => act(id, "warm", warmAnswer),
    async forget(id) {
      await act(id, "forget", z.unknown());
    },
    async forgetPauses() {
      await ask({ method: "POST", path: "/v1/forget-pauses", body: {} }, z.unknown());
    },
    report: (since) => ask({ method: "GET", path: `/v1/report?since=${since}` }, reportAnswer),
    async listen(options) {
      const connection = await connect();
      const { lastEventId = null } = options;
      const headers = lastEventId === null ? {} : { "last-event-id": lastEventId };
      try {
        const answer = await connection.send({ method: "GET", path: "/v1/events", headers });
        if (answer.statusCode !== 200) throw refusal(answer.statusCode ?? 0, await text(answer));
        return listenTo(answer, connection, options);
      } catch (error) {
        connection.close();
        throw error;
      }
    },
    async attachRun(run) {
      const connection = await connect();
      try {
        const answer = await connection.send({ method: "POST", path: "/v1/runs", body: run });
        if (answer.statusCode !== 200) throw refusal(answer.statusCode ?? 0, await text(answer));
        return await holdRun(answer, connection);
      } catch (error) {
        connection.close();
        throw error;
      }
    },
    async stop() {
      await ask({ method: "POST", path: "/v1/stop" }, z.unknown());
    },
  };
}

/** @throws {ControlError} for the two ids that a URL cannot carry, because they mean its folders */
function conversationPath(conversationId: string, action?: string): string {
  if (conversationId === "." || conversationId === "..") {
    throw new ControlError(400, `${conversationId} cannot be used as a conversation's id here`);
  }
  const path = `/v1/conversations/${encodeURIComponent(conversationId.toWellFormed())}`;
  return action === undefined ? path : `${path}/${action}`;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function exchange(connection: ProvenConnection, asked: Asked): Promise<Answer> {
  try {
    const answer = await connection.send(asked);
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  } catch (error) {
    if (error instanceof UnprovenError) throw error;
    throw new ControlError(0, "the gateway went away before it had answered");
  }
}

function read<T>({ status, body }: Answer, schema: z.ZodMiniType<T>): T {
  if (status < 200 || status > 299) throw refusal(status, body);
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new ControlError(status, "the gateway's answer is of a version that this keepwarm does not know");
}

function refusal(status: number, body: string): ControlError {
  const said = errorAnswer.safeParse(parseJson(body));
  return new ControlError(status, said.success ? said.data.error : `the gateway answered ${status}`);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
