import fc from "fast-check";

/** JSON text together with where its fields really are, known from writing it rather than from reading it. */
export interface RenderedBody {
  readonly bytes: Uint8Array;
  readonly spans: readonly { readonly key: string; readonly start: number; readonly end: number }[];
}

export interface BodyPlan {
  readonly members: readonly (readonly [key: string, value: unknown])[];
  readonly seed: number;
}

/** Text of a number that no double holds. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const awkwardText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    '"max_tokens":1',
    '\\"stream\\": true',
    "\\",
    "\\\\",
    '"',
    '\\"',
    "max_tokens",
    "\u2028\u0000\n\t",
    "é😀漢字",
    '{"cache_control":{"type":"ephemeral"}}',
    "a".repeat(60),
    `${"b".repeat(60)}\\`,
    `${"c".repeat(60)}"`,
  ),
);

const lookAlike = fc.constantFrom(
  ...["max_tokens", "stream", "max_token", "max_tokens ", "Stream", "messages", "cache_control"],
);

const awkwardKey = fc.oneof({ weight: 1, arbitrary: awkwardText }, { weight: 2, arbitrary: lookAlike });

const { value: nested } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    awkwardText,
    fc.constantFrom(null, true, false, 0, -1, 1.5e-7, 1e300),
    fc
      .constantFrom("123456789012345678901234567890", "1E+400", "-0.000", "0e0")
      .map((text) => new RawJson(text)),
    fc.integer(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(awkwardKey, tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
}));

/** Top-level keys that decide nothing about warming. */
const otherKey = fc.oneof(
  fc.constantFrom("metadata", "stop_sequences", "top_p", "max_token", "streams", "max_tokens\u0000", ""),
  fc.string({ unit: "binary", minLength: 1 }).filter((key) => !decisive.has(key)),
);

const decisive = new Set([
  ...["model", "messages", "system", "tools", "max_tokens", "stream", "thinking", "tool_choice", "thread"],
  ...["output_config", "output_format", "compaction", "context_management", "fallback_credit_token"],
  ...["cache_control", "speed", "inference_geo", "service_tier", "mcp_servers", "container"],
]);

const maxTokensValue = fc.oneof(fc.nat(200_000), fc.constantFrom(0, 1, null, "5"), nested);
const streamValue = fc.oneof(fc.boolean(), fc.constantFrom(null, "true"), nested);

/** Bodies that can be warmed, in every shape the same JSON can take. */
export function bodyPlan(fixed: readonly (readonly [string, unknown])[]): fc.Arbitrary<BodyPlan> {
  return fc
    .record({
      maxTokens: fc.array(maxTokensValue, { maxLength: 3 }),
      stream: fc.array(streamValue, { maxLength: 3 }),
      others: fc.array(fc.tuple(otherKey, nested), { maxLength: 4 }),
      content: nested,
      order: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      seed: fc.integer(),
    })
    .map(({ maxTokens, stream, others, content, order, seed }) => {
      const members: (readonly [string, unknown])[] = [
        ["model", "claude-opus-5-5"],
        [
          "messages",
          [
            new Map<string, unknown>([
              ["role", "user"],
              ["content", [new Map([["x", content]])]],
            ]),
          ],
        ],
        ["cache_control", new Map([["type", "ephemeral"]])],
        ...fixed,
        ...maxTokens.map((value) => ["max_tokens", value] as const),
        ...stream.map((value) => ["stream", value] as const),
        ...others,
      ];
      const shuffled = members
        .map((member) => ({ member, rank: order.next().value as number }))
        .toSorted((a, b) => a.rank - b.rank)
        .map(({ member }) => member);
      return { members: shuffled, seed };
    });
}

/** Writes the plan with random white space, random escapes and, at times, a byte order mark. */
export function render({ members, seed }: BodyPlan): RenderedBody {
  const random = mulberry32(seed);
  const encoder = new TextEncoder();
  const spans: { key: string; start: number; end: number }[] = [];
  let text = random() < 0.05 ? "\ufeff" : "";
  // Positions are counted in bytes as they are written, never found again afterwards.
  let bytes = 0;
  let counted = 0;
  const position = () => {
    bytes += encoder.encode(text.slice(counted)).length;
    counted = text.length;
    return bytes;
  };
  text += `${space(random)}{${space(random)}`;
  members.forEach(([key, value], index) => {
    if (index > 0) text += `,${space(random)}`;
    text += `${renderString(key, random)}${space(random)}:${space(random)}`;
    const start = position();
    text += renderValue(value, random);
    spans.push({ key, start, end: position() });
    text += space(random);
  });
  text += `}${space(random)}`;
  return { bytes: encoder.encode(text), spans };
}

function renderValue(value: unknown, random: () => number): string {
  if (value instanceof RawJson) return value.text;
  if (typeof value === "string") return renderString(value, random);
  if (value instanceof Map) {
    const members = [...value].map(
      ([key, below]) =>
        `${space(random)}${renderString(String(key), random)}${space(random)}:${space(random)}${renderValue(below, random)}`,
    );
    return `{${members.join(",")}${space(random)}}`;
  }
  if (Array.isArray(value)) {
    const elements = value.map(
      (element) => `${space(random)}${renderValue(element, random)}${space(random)}`,
    );
    return `[${elements.join(",")}${value.length === 0 ? space(random) : ""}]`;
  }
  return JSON.stringify(value);
}

/** Lone surrogates are always escaped: UTF-8 has no place for them. */
function renderString(text: string, random: () => number): string {
  const escapeShare = random() < 0.3 ? 0.3 : 0.02;
  let out = "";
  for (const char of text) {
    const plain = JSON.stringify(char).slice(1, -1);
    if (random() >= escapeShare) out += plain;
    else
      out += Array.from({ length: char.length }, (_, index) =>
        unicodeEscape(char.charCodeAt(index), random),
      ).join("");
  }
  return `"${out}"`;
}

function unicodeEscape(unit: number, random: () => number): string {
  if (unit === 0x2f && random() < 0.5) return "\\/";
  const hex = unit.toString(16).padStart(4, "0");
  return `\\u${random() < 0.5 ? hex : hex.toUpperCase()}`;
}

function space(random: () => number): string {
  if (random() < 0.7) return "";
  return Array.from({ length: Math.ceil(random() * 3) }, () => " \n\r\t"[Math.floor(random() * 4)]).join("");
}

function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
