import { isObject, type JsonObject, objectsOf } from "./json.ts";
import { effort, objectAt, outputFormat, thinkingBudget, thinkingMode, toolChoice } from "./parameters.ts";
import type { Readings } from "./readings.ts";
import type { MessagesRequest } from "./request.ts";

/**
 * What a prefix depends on besides its blocks, sorted by the first level that a change of it loses
 * (docs/prompt-caching.md § 3). A parameter that is in none of the four, such as
 * `max_tokens`, `stream`, `metadata`, `stop_sequences` or a marker, may change freely.
 */
export interface LevelKeys {
  /** Entries of different scopes never meet: workspace, model, speed, region. */
  readonly scope: string;
  readonly tools: string;
  readonly system: string;
  readonly messages: string;
}

export function levelKeys(request: MessagesRequest, workspace: string, readings: Readings): LevelKeys {
  const { body, spec } = request;
  const thinking = thinkingKey(request);
  const thinkingFirst =
    readings.thinkingChange === "everything" ||
    (readings.thinkingChange === "by-model" && spec.rendersThinkingFirst);
  return {
    // Different speeds share no prefix, so speed is not the system change that the matrix files it under
    // (docs/prompt-caching.md row 11.4). Regions are kept apart as the safe guess (§ 3b).
    scope: keyOf(
      workspace,
      request.model,
      request.speed,
      body.inference_geo,
      readings.betaHeaders === "everything" ? request.betas : null,
    ),
    tools: keyOf(
      thinkingFirst ? thinking : null,
      // A changed output format loses the whole conversation's cache (docs/prompt-caching.md § 3).
      outputFormat(request),
      body.mcp_servers,
    ),
    system: keyOf(citationsEnabled(request), objectAt(request, "container").skills),
    messages: keyOf(
      toolChoice(request),
      hasImages(request),
      thinking,
      objectAt(request, "output_config").task_budget,
      body.context_management,
      readings.betaHeaders === "messages" ? request.betas : null,
    ),
  };
}

function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts.map((part) => part ?? null));
}

/** Mode, budget and effort; how thinking is displayed is not rendered into the prompt. */
function thinkingKey(request: MessagesRequest): readonly unknown[] {
  const mode = thinkingMode(request);
  return [mode, mode === "enabled" ? thinkingBudget(request) : null, effort(request)];
}

function everyContentBlock(request: MessagesRequest): readonly JsonObject[] {
  return request.messages.flatMap((message) =>
    message.content.flatMap((block) => [block, ...objectsOf(block.content)]),
  );
}

function hasImages(request: MessagesRequest): boolean {
  return everyContentBlock(request).some((block) => block.type === "image");
}

function citationsEnabled(request: MessagesRequest): boolean {
  return everyContentBlock(request).some(
    ({ citations }) => isObject(citations) && citations.enabled === true,
  );
}
