/** A model as its id names it: `claude-opus-4-5-20251101` is opus 4.5. */
export interface ModelName {
  readonly family: string;
  /** Major and minor; `null` when the id has no version (`claude-mythos-preview`). */
  readonly version: readonly [major: number, minor: number] | null;
  /** False when the id goes on after the version with something other than a date or a known suffix. */
  readonly exact: boolean;
}

const version = String.raw`(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])`;
const familyFirst = new RegExp(`^claude-([a-z]+)(?:-${version})?(.*)$`);
const versionFirst = new RegExp(`^claude-${version}-([a-z]+)(.*)$`);

/** Dates, `-latest`, Vertex `@…`, Bedrock `-v1:0`, context and routing marks such as `[1m]` and `:beta`. */
const harmlessSuffix = /^(?:-\d{8}|-latest|@\d{8}|@latest|@default|-v\d+(?::\w+)*|\[\w+\]|:[a-z]+)*$/;

/** What an id says, whoever's spelling it is; null when it names no Claude model. */
export function parseModelName(modelId: string): ModelName | null {
  const id = modelIdWithoutProvider(modelId);
  const byFamily = familyFirst.exec(id);
  if (byFamily?.[1] !== undefined) return modelName(byFamily[1], byFamily[2], byFamily[3], byFamily[4]);
  const byVersion = versionFirst.exec(id);
  if (byVersion?.[3] !== undefined) return modelName(byVersion[3], byVersion[1], byVersion[2], byVersion[4]);
  return null;
}

/** `us.anthropic.claude-…`, `anthropic/claude-…`, `publishers/anthropic/models/claude-…` → `claude-…`. */
export function modelIdWithoutProvider(modelId: string): string {
  const id = modelId.trim().toLowerCase();
  return id.slice(Math.max(0, id.search(/(?<![a-z0-9])claude-/)));
}

/**
 * Models on which `thinking.budget_tokens` may exceed `max_tokens` once interleaved thinking is on
 * (docs/prompt-caching.md § 4: Opus 4.5, Sonnet 4.5, the Claude 4 models, Sonnet 4.6).
 */
const budgetMayExceed = new Set([
  "opus 4.0",
  "opus 4.1",
  "opus 4.5",
  "sonnet 4.0",
  "sonnet 4.5",
  "sonnet 4.6",
]);

export function budgetMayExceedMaxTokens(modelId: string): boolean {
  const name = parseModelName(modelId);
  return name?.version != null && budgetMayExceed.has(`${name.family} ${name.version.join(".")}`);
}

function modelName(
  family: string,
  major: string | undefined,
  minor: string | undefined,
  rest: string | undefined,
): ModelName {
  return {
    family,
    version: major === undefined ? null : [Number(major), Number(minor ?? 0)],
    exact: harmlessSuffix.test(rest ?? ""),
  };
}
