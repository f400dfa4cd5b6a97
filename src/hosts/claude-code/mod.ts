/** keepwarm inside Claude Code: its events in, warms and words for its person out. */
import type { Engine, Surroundings } from "./engine.ts";
import { isRun } from "./gateway-in-the-way.ts";
import { hookNews } from "./hook-news.ts";
import { createModHost, type ModHost, type ModHostOptions } from "./mod-host.ts";
import { createPresence } from "./presence.ts";
import { readPassed, readSent, readSessionEnd, readTurnEnd } from "./readings.ts";
import { createRequests, type OpenStep } from "./requests.ts";
import { createWarmSender } from "./warm-sender.ts";

/** What is done with a request that leaves. */
export interface Passing {
  /** To be answered with this, and not to be sent. */
  readonly answer?: unknown;
  /** What is to be sent. */
  readonly event: unknown;
  /** The API has answered. Returns what Claude Code is told. */
  answered(answer: unknown): unknown;
  /** No answer came. */
  failed(): void;
}

export interface ClaudeCodeMod {
  /** Whether it has anything to do here: not where a run's gateway does it all. */
  isWanted(env: Surroundings["env"]): boolean;
  started(surroundings: Surroundings, sessionId: string | null): Promise<void>;
  /** A hook of the classic kind is told something. Resolves with what its person is answered; null: nothing. */
  told(event: unknown): Promise<string | null>;
  stepBegan(event: unknown): OpenStep | null;
  stepEnded(step: OpenStep | null, response: unknown): void;
  turnEnded(event: unknown): void;
  leaving(event: unknown, from: string): Passing;
  /** Whether a request is one of ours, and what it is answered where it must not go out. */
  isOwn(event: unknown): boolean;
  readonly refused: unknown;
  typed(): void;
  command(words: string): Promise<string>;
  /** The session is over. Resolves soon, whatever is not done by then. */
  ended(event: unknown): Promise<void>;
}

export interface ModOptions {
  readonly createHost?: (options: ModHostOptions) => Promise<ModHost>;
}

/** Whose requests are looked at: Claude Code's own, not those of other mods. */
const ENGINE = "engine";
/** How long the end of a session may wait for what is still to be written, in ms. */
const LEAVE_MS = 40;
/** Ends of a session after which its process goes on with another. */
const GOES_ON = ["clear", "resume", "logout"];

export function createMod(engine: Engine, { createHost = createModHost }: ModOptions = {}): ClaudeCodeMod {
  const sender = createWarmSender(engine);
  const presence = createPresence((present) => tell((host, id) => host.changed(id, { present })));
  let host: ModHost | null = null;
  let session: string | null = null;
  let isInteractive = false;
  let unfollow = () => {};
  const requests = createRequests({
    conversationId: () => (host === null ? null : session),
    request(request) {
      if (host === null) throw new Error("keepwarm has not begun");
      return host.request(request);
    },
    ended: (id, stopReason) => host?.changed(id, { waiting: stopReason === "tool_use" ? "tool" : "none" }),
  });

  function tell(act: (host: ModHost, id: string) => void): void {
    if (host !== null && session !== null) act(host, session);
  }

  /** Another session is open from now on. */
  function open(id: string): void {
    if (host === null || id === session) return;
    session = id;
    void host.keeper.warmer.load(id);
    host.changed(id, { open: true });
    if (!isInteractive) return;
    unfollow();
    unfollow = host.followStatus(id, (line) => engine.showStatus(line ?? undefined));
  }

  function leave(id: string): void {
    host?.detached(id);
    if (id !== session) return;
    unfollow();
    session = null;
  }

  return {
    isWanted: (env) => !isRun(env.ANTHROPIC_BASE_URL),
    async started(surroundings, id) {
      if (host !== null) return;
      ({ isInteractive } = surroundings);
      host = await createHost({ engine, surroundings, send: sender.send });
      const known = id ?? session;
      session = null;
      if (known !== null) open(known);
    },
    async told(event) {
      const news = hookNews(event);
      if (news === null) return null;
      const { conversationId, change, isLeft, warm } = news;
      if (host === null) {
        session = conversationId;
        return null;
      }
      if (isLeft) {
        leave(conversationId);
        return null;
      }
      open(conversationId);
      if (change !== null) host.changed(conversationId, change);
      return warm === null ? null : await host.command(conversationId, warm);
    },
    stepBegan: requests.stepBegan,
    stepEnded: requests.stepEnded,
    turnEnded(event) {
      const end = readTurnEnd(event);
      // Where it was answered, a hook has told by then what it waits for.
      if (end === null || end.agentId !== undefined || end.reason === "answer") return;
      tell((host, id) => host.changed(id, { waiting: "none" }));
    },
    leaving(event, from) {
      const passes = { event, answered: (answer: unknown) => answer, failed() {} };
      const sent = from === ENGINE ? readSent(event) : null;
      if (sent === null || !isMessages(sent.url)) return passes;
      const own = sender.leaving(event, sent);
      if (own?.kind === "answered") return { ...passes, answer: own.answer };
      if (own?.kind === "replaced") return { event: own.event, answered: own.passed, failed() {} };
      const request = requests.leaving(sent);
      if (request === null) return passes;
      return {
        event,
        answered(answer) {
          const read = readPassed(answer);
          if (read !== null) request.answered(read.value);
          return answer;
        },
        failed: request.failed,
      };
    },
    isOwn: sender.isOwn,
    refused: sender.refused,
    typed: presence.typed,
    async command(words) {
      if (host === null || session === null) return "keepwarm is not running in this session.";
      return host.command(session, words);
    },
    async ended(event) {
      const end = readSessionEnd(event);
      if (host === null || end === null) return;
      leave(end.sessionId);
      if (GOES_ON.includes(end.reason)) return;
      presence.end();
      const leaving = host;
      host = null;
      leaving.dispose();
      await Promise.race([leaving.flush(), new Promise((soon) => setTimeout(soon, LEAVE_MS))]);
    },
  };
}

function isMessages(url: string): boolean {
  return URL.parse(url)?.pathname.endsWith("/v1/messages") ?? false;
}
