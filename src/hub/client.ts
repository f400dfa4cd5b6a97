/** A client of the control API. Every request goes over a connection that has proven itself first. */
import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { askOver, conversationPath, nullIfUnknown } from "./ask.ts";
import { type Asked, openProven } from "./connection.ts";
import { refusal } from "./control-error.ts";
import { type HeldRun, holdRun } from "./held-run.ts";
import { type EventsOptions, listen } from "./listen.ts";
import type { GatewayRecord } from "./record.ts";
import {
  type ChangeAnswer,
  type CompareAnswer,
  type CompareRequest,
  type ConsoleEvent,
  type ConversationView,
  changeAnswer,
  compareAnswer,
  conversationAnswer,
  type HealthView,
  type HistoryAnswer,
  healthView,
  historyAnswer,
  type OutlookView,
  outlookView,
  type PrewarmAnswer,
  prewarmAnswer,
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
 * Every method rejects with `ControlError` when the gateway says no, and with `UnprovenError` when
 * what answers is no longer the gateway.
 */
export interface ControlClient {
  readonly record: GatewayRecord;
  status(): Promise<StatusAnswer>;
  setEnabled(conversationId: string, enabled: boolean): Promise<ChangeAnswer>;
  /** @param intervalMs null: back to following the TTL */
  setIntervalMs(conversationId: string, intervalMs: number | null): Promise<ChangeAnswer>;
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
  /** What is warmed before anyone asks, and what became of it. */
  prewarm(): Promise<PrewarmAnswer>;
  /** How a catalogue's entry differs from what passes. */
  comparePrewarm(request: CompareRequest): Promise<CompareAnswer>;
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
  const ask = <T>(asked: Asked, schema: z.ZodMiniType<T>) => askOver(connect, asked, schema);

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
    prewarm: () => ask({ method: "GET", path: "/v1/prewarm" }, prewarmAnswer),
    comparePrewarm: (body) => ask({ method: "POST", path: "/v1/prewarm/compare", body }, compareAnswer),
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
