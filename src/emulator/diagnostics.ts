import { hash } from "node:crypto";
import type { CacheMissReason } from "@anthropic-ai/sdk/resources/messages";
import type { Block, Level } from "./blocks.ts";
import { isObject } from "./json.ts";
import type { MessagesRequest } from "./request.ts";

/** Fingerprints kept. The API keeps them "for a limited time"; here the oldest goes first. */
const KEPT_FINGERPRINTS = 1_000;

/** Parameters whose change is reported as `unavailable` (docs/prompt-caching.md § 3). */
const PROMPT_AFFECTING = ["tool_choice", "thinking", "context_management", "output_config", "output_format"];

interface Fingerprint {
  readonly workspace: string;
  readonly model: string;
  readonly tools: string;
  readonly system: string;
  readonly parameters: string;
  /** Hash of everything up to and including each message. */
  readonly messages: readonly string[];
  /** Tokens that were cacheable, so could have been read by the next request. */
  readonly cacheableTokens: number;
}

/**
 * Compares the structure of consecutive requests, whatever the cache did (docs/prompt-caching.md § 5).
 * Only requests that carry `diagnostics` take part: the first one opts in with a null id.
 */
export class Diagnostics {
  readonly #fingerprints = new Map<string, Fingerprint>();

  /** `cache_miss_reason` for a request, or null when nothing diverged or nothing was asked. */
  diagnose(
    request: MessagesRequest,
    blocks: readonly Block[],
    cacheableTokens: number,
    workspace: string,
  ): { readonly reason: CacheMissReason | null; remember(messageId: string): void } {
    const asked = request.body.diagnostics;
    if (!isObject(asked)) return { reason: null, remember: () => {} };
    const current = fingerprintOf(request, blocks, cacheableTokens, workspace);
    const previousId = asked.previous_message_id;
    return {
      reason: typeof previousId === "string" ? this.#compare(previousId, current) : null,
      remember: (messageId) => this.#remember(messageId, current),
    };
  }

  #compare(previousId: string, current: Fingerprint): CacheMissReason | null {
    const previous = this.#fingerprints.get(previousId);
    if (previous === undefined || previous.workspace !== current.workspace) {
      return { type: "previous_message_not_found" };
    }
    const missed = { cache_missed_input_tokens: previous.cacheableTokens };
    // The earliest divergence is the one reported: in prefix order, tools stand before system.
    if (previous.model !== current.model) return { type: "model_changed", ...missed };
    if (previous.tools !== current.tools) return { type: "tools_changed", ...missed };
    if (previous.system !== current.system) return { type: "system_changed", ...missed };
    if (previous.parameters !== current.parameters) return { type: "unavailable" };
    const last = previous.messages.at(-1);
    if (last !== current.messages[previous.messages.length - 1])
      return { type: "messages_changed", ...missed };
    return null;
  }

  #remember(messageId: string, fingerprint: Fingerprint): void {
    this.#fingerprints.set(messageId, fingerprint);
    for (const oldest of this.#fingerprints.keys()) {
      if (this.#fingerprints.size <= KEPT_FINGERPRINTS) break;
      this.#fingerprints.delete(oldest);
    }
  }
}

function fingerprintOf(
  request: MessagesRequest,
  blocks: readonly Block[],
  cacheableTokens: number,
  workspace: string,
): Fingerprint {
  const messages: string[] = [];
  let chain = "";
  for (const block of blocks) {
    if (block.source !== "messages") continue;
    chain = hash("sha256", `${chain}${block.content}`, "base64url");
    messages[block.message] = chain;
  }
  return {
    workspace,
    // The speed is diagnosed as part of the model (SDK, `CacheMissModelChanged`).
    model: `${request.model} ${request.speed}`,
    tools: contentOf(blocks, "tools"),
    system: contentOf(blocks, "system"),
    parameters: JSON.stringify([PROMPT_AFFECTING.map((name) => request.body[name] ?? null), request.betas]),
    messages,
    cacheableTokens,
  };
}

function contentOf(blocks: readonly Block[], source: Level): string {
  const contents = blocks.filter((block) => block.source === source).map((block) => block.content);
  return hash("sha256", JSON.stringify(contents), "base64url");
}
