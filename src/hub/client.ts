/** A client of the control API. Every request goes over a connection that has proven itself first. */
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { type Asked, openProven, type ProvenConnection, UnprovenError } from "./connection.ts";
import { ControlError, parseJson, refusal } from "./control-error.ts";
import { type HeldRun, holdRun } from "./held-run.ts";
import { type EventsOptions, listen } from "./listen.ts";
import type { GatewayRecord } from "./record.ts";
import {
  type ChangeAnswer,
  type ConsoleEvent,
  type ConversationView,
  changeAnswer,
  conversationAnswer,
  type HealthView,
  type HistoryAnswer,
  healthView,
  historyAnswer,
  type OutlookView,
  outlookView,
  type ReportAnswer,
  reportAnswer,
  type SettingChange,
  type SettingChanged,
  type SettingsAnswer,
  type StatusAnswer,
  settingChanged,
  settingsAnswer,
  statusAnswer,
  type WarmAnswer,
  warmAnswer,
} from "./views/index.ts";

/** How long a gateway may take to prove itself, in ms. */
export const PROOF_TIMEOUT_MS = 2_000;

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
  setEnabled(conversationId: string, enabled: boolean): Promise<ChangeAnswer>;
  setIntervalMs(conversationId: string, intervalMs: number): Promise<ChangeAnswer>;
  /** @param keepWarm in the policy's words; null: what holds where nobody chose */
  setKeepWarm(conversationId: string, keepWarm: string | null): Promise<ChangeAnswer>;
  /** Null: no such conversation is open. */
  conversation(conversationId: string): Promise<ConversationView | null>;
  /** Null: nothing is known of it. */
  history(conversationId: string): Promise<HistoryAnswer | null>;
  /** Null: no such conversation is open. */
  outlook(conversationId: string): Promise<OutlookView | null>;
  /** The person is done with it: off, and remembered as off. */
  close(conversationId: string): Promise<void>;
  /**
   * What changes, as it happens, until the loop is left, `signal` aborts, or the gateway goes away, which ends it
   * without an error. A listener that comes back gives the last id it has heard.
   */
  events(options?: EventsOptions): AsyncGenerator<ConsoleEvent, void>;
  settings(): Promise<SettingsAnswer>;
  changeSetting(change: SettingChange): Promise<SettingChanged>;
  health(): Promise<HealthView>;
  /** Resolves when the warm has landed. */
  warmNow(conversationId: string): Promise<WarmAnswer>;
  forget(conversationId: string): Promise<void>;
  /** @param since epoch ms */
  report(since: number): Promise<ReportAnswer>;
  /** Forgets what was learned of how the person pauses. */
  forgetPauses(): Promise<void>;
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

  const look = async <T>(
    conversationId: string,
    what: string,
    schema: z.ZodMiniType<T>,
  ): Promise<T | null> => {
    const path = conversationPath(conversationId, what);
    return ask({ method: "GET", path }, schema).catch(nullIfUnknown);
  };

  const act = async <T>(conversationId: string, action: string, schema: z.ZodMiniType<T>, body?: unknown) =>
    ask({ method: "POST", path: conversationPath(conversationId, `/${action}`), body }, schema);

  return {
    record,
    status: () => ask({ method: "GET", path: "/v1/status" }, statusAnswer),
    setEnabled: (id, enabled) => act(id, enabled ? "on" : "off", changeAnswer),
    setIntervalMs: (id, intervalMs) => act(id, "interval", changeAnswer, { intervalMs }),
    setKeepWarm: (id, keepWarm) => act(id, "keep-warm", changeAnswer, { keepWarm }),
    async conversation(id) {
      return (await look(id, "", conversationAnswer))?.conversation ?? null;
    },
    history: (id) => look(id, "/history", historyAnswer),
    outlook: (id) => look(id, "/outlook", outlookView),
    async close(id) {
      await act(id, "close", z.unknown());
    },
    events: (options) => listen(connect, options),
    settings: () => ask({ method: "GET", path: "/v1/settings" }, settingsAnswer),
    changeSetting: (change) => ask({ method: "POST", path: "/v1/settings", body: change }, settingChanged),
    health: () => ask({ method: "GET", path: "/v1/health" }, healthView),
    warmNow: (id) => act(id, "warm", warmAnswer),
    async forget(id) {
      await act(id, "forget", z.unknown());
    },
    async forgetPauses() {
      await ask({ method: "POST", path: "/v1/forget-pauses", body: {} }, z.unknown());
    },
    report: (since) => ask({ method: "GET", path: `/v1/report?since=${since}` }, reportAnswer),
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
function conversationPath(conversationId: string, rest: string): string {
  if (conversationId === "." || conversationId === "..") {
    throw new ControlError(400, `${conversationId} cannot be used as a conversation's id here`);
  }
  return `/v1/conversations/${encodeURIComponent(conversationId.toWellFormed())}${rest}`;
}

function nullIfUnknown(error: unknown): null {
  if (error instanceof ControlError && error.status === 404) return null;
  throw error;
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
