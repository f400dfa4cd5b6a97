/** Where real traffic and a catalogue's entry part: a pre-warm of another prefix is never read. */
import { type Parsed, type Piece, piecesOf, recordOf, sharedPieces } from "./prefix.ts";

/** The first difference. */
export interface Difference {
  /** For people: `the system prompt`, `tool 3`, `the model`. */
  readonly part: string;
  /** Bytes of that part which both begin with (UTF-8); null where it is a value as a whole. */
  readonly byte: number | null;
  /** For people. Never content, but of models and parameters. */
  readonly sentence: string;
  /** Of the bytes of the entry's prefix, the share before the difference: 0 for another model. */
  readonly shared: number;
}

/** What a prefix depends on besides its content (docs/prompt-caching.md § 3), in the order in which it is told. */
const PARAMETERS: readonly (readonly [name: string, value: (request: Parsed) => unknown])[] = [
  ["the speed", ({ speed }) => speed ?? "standard"],
  ["inference_geo", ({ inference_geo }) => inference_geo],
  ["the thinking mode", ({ thinking }) => recordOf(thinking).type],
  ["the thinking budget", ({ thinking }) => recordOf(thinking).budget_tokens],
  ["the effort", ({ output_config }) => recordOf(output_config).effort],
  [
    "the output format",
    ({ output_config, output_format }) => recordOf(output_config).format ?? output_format,
  ],
];

/** Those count only for what is cached of messages. */
const OF_MESSAGES: typeof PARAMETERS = [
  ["tool_choice", ({ tool_choice }) => tool_choice],
  ["context_management", ({ context_management }) => context_management],
];

/**
 * The first thing in which the entry's prefix is not the traffic's; null when a pre-warm of it would be read.
 *
 * @param betas names in `anthropic-beta` of both, where they are known
 */
export function differenceOf(
  entry: Parsed,
  traffic: Parsed,
  betas?: { readonly entry: readonly string[]; readonly traffic: readonly string[] },
): Difference | null {
  if (entry.model !== traffic.model) {
    const sentence = `Your traffic goes to ${shown(traffic.model)}, and the entry to ${shown(entry.model)}: this pre-warm would never hit.`;
    return { part: "the model", byte: null, sentence, shared: 0 };
  }
  const own = sharedPieces(piecesOf(entry));
  const theirs = piecesOf(traffic);
  const inContent = pieceDifference(own, theirs);
  if (inContent !== null) return inContent;
  const parameters = own.at(-1)?.where === "messages" ? [...PARAMETERS, ...OF_MESSAGES] : PARAMETERS;
  for (const [part, read] of parameters) {
    const [ours, seen] = [read(entry), read(traffic)];
    if (JSON.stringify(ours ?? null) === JSON.stringify(seen ?? null)) continue;
    const unless = isLeftOut(ours) === isLeftOut(seen) ? "" : ", unless that is what the model does anyhow";
    const sentence = `Your traffic sends ${part} ${shown(seen)}, and the entry ${shown(ours)}: this pre-warm would not be read${unless}.`;
    return { part, byte: null, sentence, shared: 1 };
  }
  if (betas !== undefined && setText(betas.entry) !== setText(betas.traffic)) {
    const sentence = `Your traffic sends the beta features ${setText(betas.traffic) || "(none)"}, and the entry ${setText(betas.entry) || "(none)"}: this pre-warm may not be read. Put them into betas.`;
    return { part: "the beta features", byte: null, sentence, shared: 1 };
  }
  return null;
}

function pieceDifference(own: readonly Piece[], theirs: readonly Piece[]): Difference | null {
  const inAll = own.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  let before = 0;
  for (const [index, piece] of own.entries()) {
    const other = theirs[index];
    const isSame =
      other?.where === piece.where && other.text === piece.text && other.message === piece.message;
    if (isSame) {
      before += Buffer.byteLength(piece.text);
      continue;
    }
    const earlier = own.slice(0, index).filter(({ name }) => name === piece.name);
    const offset = earlier.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    const byte = other?.where === piece.where ? sharedBytes(piece.text, other.text) : 0;
    const shared = inAll === 0 ? 0 : (before + byte) / inAll;
    return {
      part: piece.name,
      byte: offset + byte,
      sentence: sentenceOf(piece, other, offset + byte),
      shared,
    };
  }
  return null;
}

function sentenceOf(own: Piece, other: Piece | undefined, byte: number): string {
  const never = "this pre-warm would never hit";
  if (other?.where !== own.where) {
    const what = { tools: "fewer tools", system: "less of a system prompt", messages: "fewer messages" }[
      own.where
    ];
    return `Your traffic has ${what} (there is no ${own.name.replace(/^the /, "")} where the entry has one): ${never}.`;
  }
  const whose = own.name.replace(/^the /, "");
  return `Your traffic's ${whose} differs at byte ${byte.toLocaleString("en-US")}: ${never}.`;
}

/** Bytes that both begin with. */
function sharedBytes(a: string, b: string): number {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  const most = Math.min(one.length, other.length);
  let shared = 0;
  while (shared < most && one[shared] === other[shared]) shared++;
  return shared;
}

function setText(names: readonly string[]): string {
  return [...new Set(names)].toSorted().join(", ");
}

function isLeftOut(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Never what may hold content: a schema, the name of a tool. */
function shown(value: unknown): string {
  if (isLeftOut(value)) return "(none)";
  return typeof value === "object" ? "{…}" : JSON.stringify(value).slice(0, 80);
}
