/** What the other side says in an error, without the credentials and the conversation that it may repeat there. */

/** One short line of an error's text that may be shown and logged. */
export type Withhold = (text: string) => string;

const MAX_TEXT_CHARS = 160;

/** No more is looked at, in characters: what is longer is no sentence. */
const MAX_READ_CHARS = 1_000;

/** With a larger body nothing is repeated: it is not worth reading megabytes for a sentence. In bytes. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Values under these keys are the API's own words. */
const API_KEYS = new Set(["model", "type", "role", "media_type", "ttl"]);

/**
 * @param secrets credentials, the longest first
 * @param body the request's, not compressed; looked at only when there is something to withhold from
 */
export function withholding(secrets: readonly string[], body: Uint8Array): Withhold {
  let content: string | null | undefined;
  return (text) => {
    const bare = withoutSecrets(text.slice(0, MAX_READ_CHARS), secrets);
    content ??= contentOf(body);
    if (content === null) return "[…]";
    const clean = withoutContent(bare, content);
    return clean.length <= MAX_TEXT_CHARS ? clean : `${clean.slice(0, MAX_TEXT_CHARS)}…`;
  };
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let bare = text;
  for (const secret of secrets) bare = bare.replaceAll(secret, "[…]");
  return bare
    .replace(/\s+/g, " ")
    .replace(/bearer\s+\S+/gi, "[…]")
    .replace(/\bsk-[\w-]+/gi, "[…]")
    .replace(/(["'`])(?:(?!\1).){30,}\1/g, "$1…$1")
    .replace(/[\w+/=-]{40,}/g, "[…]")
    .trim();
}

/** Three words in a row that the conversation has as well, and one that is no plain word, are quoted from it. */
function withoutContent(text: string, content: string): string {
  const words = text.split(" ");
  const quoted = new Set<number>();
  for (const at of words.keys()) {
    const run = words.slice(at, at + 3);
    if (run.length < 3 || !content.includes(run.join(" "))) continue;
    for (const step of run.keys()) quoted.add(at + step);
  }
  const isQuoted = (word: string) => word.length >= 3 && !PLAIN.test(word) && content.includes(word);
  return words
    .map((word, at) => {
      const inside = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
      if (quoted.has(at) || isQuoted(inside)) return "…";
      // One that sticks to others: in a path, in JSON.
      return word.replace(/[\p{L}\p{N}_-]{3,}/gu, (part) => (isQuoted(part) ? "…" : part));
    })
    .filter((word, at, all) => word !== "…" || all[at - 1] !== "…")
    .join(" ");
}

/** A word as it stands in a sentence. */
const PLAIN = /^\p{L}?\p{Ll}*$/u;

/** What is said in a request, its spaces as in a line; null when it cannot be told. */
function contentOf(body: Uint8Array): string | null {
  if (body.length > MAX_BODY_BYTES) return null;
  const texts: string[] = [];
  try {
    JSON.parse(new TextDecoder().decode(body), (key, value: unknown) => {
      if (typeof value === "string" && !API_KEYS.has(key)) texts.push(value);
    });
  } catch {
    return null;
  }
  return texts.join("\n").replace(/\s+/g, " ");
}
