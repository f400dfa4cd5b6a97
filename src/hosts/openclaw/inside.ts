/** keepwarm at work inside a process that serves OpenClaw's conversations. */
import {
  createNativeHost,
  type NativeHost,
  type NativeHostOptions,
  requestTelling,
} from "../native/index.ts";
import { type Calls, createCalls } from "./calls.ts";
import { createRuns, type Runs } from "./runs.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { watchWire } from "./wire.ts";

export type CreateHost = (options: NativeHostOptions) => NativeHost;

export interface Inside {
  readonly calls: Calls;
  readonly runs: Runs;
  readonly sessions: Sessions;
  /** Does what stands behind /warm, and resolves with what the person is told. */
  command(sessionId: string, text: string): Promise<string>;
  /** Nothing more is sent, and settings stay. */
  end(): void;
}

const NOT_TOLD =
  "OpenClaw does not tell keepwarm which requests are yours, so nothing is kept warm: plugins.entries.keepwarm.hooks.allowConversationAccess has to be true in openclaw.json.";

export function beginInside(createHost: CreateHost = createNativeHost): Inside {
  const host = createHost({ name: "openclaw", telling: requestTelling });
  const runs = createRuns();
  const sessions = createSessions(host, runs);
  let hasAsked = false;
  const calls = createCalls({
    host,
    belonging: sessions.belonging,
    answered: sessions.answered,
  });
  const endWire = watchWire((request) => {
    hasAsked = true;
    return calls.sent(request);
  });
  return {
    calls,
    runs,
    sessions,
    async command(sessionId, text) {
      const said = await host.command(sessionId, text);
      return hasAsked && !runs.areTold() ? `${said} ${NOT_TOLD}` : said;
    },
    end() {
      endWire();
      calls.end();
      host.dispose();
    },
  };
}
