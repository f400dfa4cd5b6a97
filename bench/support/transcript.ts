/**
 * Request bodies as agents send them: code that was read and edited, prose, listings, JSON, and ids that compress
 * not at all. The code and the prose are this repository's own, so that they compress as such.
 */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface File {
  readonly path: string;
  readonly lines: readonly string[];
}

function filesOf(pattern: string): readonly File[] {
  const paths = globSync(pattern, { cwd: root }).toSorted();
  return paths.map((path) => ({ path, lines: readFileSync(`${root}/${path}`, "utf8").split("\n") }));
}

const sources = filesOf("{src,test}/**/*.ts");
const prose = filesOf("{docs/*.md,*.md}").flatMap(({ lines }) => lines.filter((line) => line.length > 60));

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** @param bytes about the size of the body; the same seed makes the same body, and a longer one begins alike */
export function transcript(seed: number, bytes: number): string {
  const random = randomFrom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const id = (length: number) => Array.from({ length }, () => BASE64[below(62)]).join("");
  const said = (lines: number) => {
    const from = below(prose.length - lines);
    return prose.slice(from, from + lines).join("\n");
  };
  const excerpt = ({ lines }: File, most: number) => {
    const from = below(Math.max(1, lines.length - most));
    return lines.slice(from, from + most).map((line, at) => `${String(from + at + 1).padStart(6)}\t${line}`);
  };

  function listing(): string {
    const rows = Array.from({ length: 20 + below(60) }, () => {
      const { path, lines } = one(sources);
      return `-rw-r--r-- 1 dev dev ${String(lines.length * 31 + below(400)).padStart(7)} Nov ${10 + below(18)} ${10 + below(14)}:${10 + below(50)} ${path}`;
    });
    return `total ${rows.length}\n${rows.join("\n")}`;
  }

  function events(): string {
    const rows = Array.from({ length: 10 + below(40) }, () => ({
      id: `evt_${id(24)}`,
      at: new Date(1.7e12 + below(1e9)).toISOString(),
      kind: one(["request", "settled", "warm", "lapse"]),
      tokens: below(200_000),
      durationMs: below(60_000) / 10,
      file: one(sources).path,
    }));
    return JSON.stringify(rows, null, 2);
  }

  /** What the assistant did, and what came of it. */
  function exchange(): object[] {
    const toolUseId = `toolu_01${id(22)}`;
    const file = one(sources);
    const kind = random();
    const [name, input, result] =
      kind < 0.5
        ? ["Read", { file_path: `/home/dev/project/${file.path}` }, excerpt(file, 40 + below(200)).join("\n")]
        : kind < 0.7
          ? ["Edit", edit(file), `The file ${file.path} has been updated.\n${excerpt(file, 12).join("\n")}`]
          : kind < 0.85
            ? ["Bash", { command: `ls -la ${file.path.replace(/\/[^/]*$/, "")}` }, listing()]
            : ["Bash", { command: "keepwarm events --json" }, events()];
    return [
      {
        role: "assistant",
        content: [
          ...(random() < 0.4 ? [thought()] : []),
          { type: "text", text: said(1 + below(4)) },
          { type: "tool_use", id: toolUseId, name, input },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: toolUseId, content: result }] },
    ];
  }

  function thought(): object {
    return { type: "thinking", thinking: said(2 + below(6)), signature: `${id(200 + below(300))}==` };
  }

  function edit({ path, lines }: File): object {
    const from = below(Math.max(1, lines.length - 20));
    const old = lines.slice(from, from + 5 + below(15));
    return {
      file_path: path,
      old_string: old.join("\n"),
      new_string: [...old, one(one(sources).lines)].join("\n"),
    };
  }

  const messages: object[] = [{ role: "user", content: [{ type: "text", text: `${id(12)}: ${said(3)}` }] }];
  const system = [
    {
      type: "text",
      text: said(Math.min(60, 1 + Math.floor(bytes / 4_000))),
      cache_control: { type: "ephemeral" },
    },
  ];
  const tools = ["Read", "Edit", "Bash"].map((name) => ({
    name,
    description: said(3),
    input_schema: { type: "object", properties: { file_path: { type: "string" } }, required: [] },
  }));
  const sizeOf = (part: unknown) => Buffer.byteLength(JSON.stringify(part));
  for (let size = sizeOf([system, tools, messages]); size < bytes; ) {
    const next = exchange();
    size += sizeOf(next);
    if (size < bytes || messages.length === 1) messages.push(...next);
  }
  messages.push({
    role: "user",
    content: [{ type: "text", text: "Go on.", cache_control: { type: "ephemeral" } }],
  });
  return JSON.stringify({
    model: "claude-opus-5-5",
    max_tokens: 32_000,
    stream: true,
    thinking: { type: "adaptive" },
    system,
    tools,
    messages,
  });
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
