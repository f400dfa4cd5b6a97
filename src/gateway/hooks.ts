/**
 * What Claude Code's hooks tell of its sessions: whether one waits, is over, or asks something by `/warm`. Each is
 * answered at once, none is sent on, and nothing is kept of what it says beyond that.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Keeper } from "../capture/index.ts";
import type { Logger } from "../host.ts";
import { type HookNews, hookNews } from "../hosts/claude-code/index.ts";
import { answerWarm } from "../hosts/native/index.ts";

export interface HooksOptions {
  readonly keeper: Keeper;
  readonly logger: Logger;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Told when its person has switched a conversation by `/warm`. */
  readonly switched?: (conversationId: string, enabled: boolean) => void;
}

export interface Hooks {
  /** @param tag that of an attached run, whose sessions alone are listened to; null: there is none */
  answer(request: IncomingMessage, response: ServerResponse, tag: string | null): void;
}

/** More is let go of as it comes: a prompt and a tool's input are told whole, and not what is looked for. */
const MOST_BYTES = 8_000_000;

/**
 * Claude Code waits for a hook as long as src/agents/claude-code-plugin.ts says, and then sends the prompt: `/warm now`
 * would become a turn where its warm takes longer. In ms.
 */
const PATIENCE_MS = 1_500;

const STILL_AT_IT = "keepwarm is still at it. /warm says what came of it.";

export function createHooks({ keeper, logger, now, switched }: HooksOptions): Hooks {
  function note({ conversationId, change, isLeft }: HookNews): void {
    if (isLeft) keeper.detach(conversationId);
    else if (change !== null) keeper.changed(conversationId, change);
  }

  function warm(text: string, conversationId: string): Promise<string> {
    return answerWarm(text, conversationId, {
      keeper,
      logger,
      now,
      switched(id, enabled) {
        if (keeper.conversation(id) !== null) switched?.(id, enabled);
      },
    });
  }

  async function answerTo(body: string, tag: string | null): Promise<unknown> {
    const news = hookNews(parseJson(body));
    if (news === null) return null;
    const { conversationId, warm: words } = news;
    const known = keeper.conversation(conversationId);
    const isAnothers = known !== null && known.tag !== tag;
    if (words !== null) {
      return blocked(
        tag === null || isAnothers
          ? "The gateway does not know this run any more. Say something first, and then try again."
          : await inTime(warm(words, conversationId)),
      );
    }
    if (tag !== null && !isAnothers) note(news);
    return null;
  }

  return {
    answer(request, response, tag) {
      let chunks: Buffer[] = [];
      let bytes = 0;
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) chunks = [];
        else chunks.push(chunk);
      });
      request.on("end", () => {
        void answerTo(Buffer.concat(chunks).toString(), tag)
          .catch((error: unknown) => {
            // Its message may quote what was told.
            logger.error("keepwarm: a hook could not be answered", { error: nameOf(error) });
            return null;
          })
          .then((answer) => {
            if (response.destroyed) return;
            response.writeHead(200, { "content-type": "application/json" });
            // Where there is nothing to say, because Claude Code notes every word of a hook's in its transcript.
            response.end(answer === null ? "" : JSON.stringify(answer));
          });
      });
    },
  };
}

async function inTime(answer: Promise<string>): Promise<string> {
  let impatient: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    impatient = setTimeout(() => resolve(STILL_AT_IT), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(impatient);
  }
}

/** The prompt is not sent, and its person sees `reason` instead. */
function blocked(reason: string): unknown {
  return {
    decision: "block",
    reason,
    hookSpecificOutput: { hookEventName: "UserPromptSubmit", suppressOriginalPrompt: true },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
