/** The kinds of values that settings have: how each is checked, written in text, and explained. */
import * as z from "zod/mini";
import { KEEP_WARM_FORMS, parseKeepWarm } from "../policy/index.ts";
import { toMs } from "./to-ms.ts";

/** What a setting's value can be at all. */
export type Scalar = string | number | boolean;

export interface Kind<Value extends Scalar> {
  /** What a config file may hold. */
  readonly schema: z.ZodMiniType<Value>;
  /** What a config file would hold for a text: of an environment variable, a flag, an argument. */
  readonly fromText: (text: string) => unknown;
  readonly toText: (value: Scalar) => string;
  /** "must be …", for people. */
  readonly allowed: string;
  /** What help shows for a value; null for what is switched on by its name alone. */
  readonly placeholder: string | null;
  /** Every text there is, where those are few. */
  readonly choices: readonly string[];
  /** It names a file, relative to the config file or to where the command runs. */
  readonly isPath: boolean;
  /** Whether a wrong value may be shown: a URL might have a password in it. */
  readonly mayBeShown: boolean;
}

const PLAIN = {
  fromText: (text: string): unknown => text,
  toText: (value: Scalar) => String(value),
  choices: [],
  isPath: false,
  mayBeShown: true,
} as const;

function nonEmptyText(allowed: string, placeholder: string): Kind<string> {
  const schema = z.string(allowed).check(z.regex(/^\S(.*\S)?$/, allowed));
  return { ...PLAIN, schema, allowed, placeholder };
}

export const address = nonEmptyText("an address or a host name, such as 127.0.0.1", "<address>");

export const file: Kind<string> = { ...nonEmptyText("the path of a file", "<file>"), isPath: true };

export function wholeNumber(
  least: number,
  most: number,
  allowed = `a whole number from ${least} to ${most}`,
): Kind<number> {
  return {
    ...PLAIN,
    schema: z.int(allowed).check(z.minimum(least, allowed), z.maximum(most, allowed)),
    fromText: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    allowed,
    placeholder: "<number>",
  };
}

export const port = wholeNumber(0, 65_535, "a whole number from 0 (any port that is free) to 65535");

const YES_OR_NO = "true or false";
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

export const yesOrNo: Kind<boolean> = {
  ...PLAIN,
  schema: z.boolean(YES_OR_NO),
  fromText: (text) => BOOLEANS.get(text.toLowerCase()) ?? text,
  allowed: YES_OR_NO,
  placeholder: null,
  choices: ["true", "false"],
};

export function oneOf<const Value extends string | number>(
  placeholder: string,
  values: readonly Value[],
): Kind<Value> {
  const choices = values.map(String);
  const allowed = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  return {
    ...PLAIN,
    schema: z.literal(values, allowed),
    fromText: (text) => values.find((value) => String(value) === text) ?? text,
    allowed,
    placeholder,
    choices,
  };
}

const DAY_MS = 86_400_000;
const UNITS = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** Its value is in ms; a file holds it as text. */
function durationUpTo(longestMs: number, allowed: string): Kind<number> {
  const isOne = (text: string) => toMs(text) > 0 && toMs(text) <= longestMs;
  return {
    ...PLAIN,
    schema: z.pipe(z.string(allowed).check(z.refine(isOne, allowed)), z.transform(toMs)),
    toText: (value) => {
      const valueMs = Number(value);
      const [unit, unitMs] = UNITS.find(([, size]) => valueMs % size === 0) ?? ["ms", 1];
      return `${valueMs / unitMs}${unit}`;
    },
    allowed,
    placeholder: "<duration>",
  };
}

/** Of a cache entry: none lives longer than a day. */
export const duration = durationUpTo(DAY_MS, "a number with a unit, such as 6s, 5m or 1h, and a day at most");

/** Of a look back. */
export const period = durationUpTo(
  3_653 * DAY_MS,
  "a number with a unit, such as 24h, 7d or 4w, and ten years at most",
);

const A_URL = "an http or https URL without credentials, ? or #, such as https://api.anthropic.com";

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || text.includes("@") || text.includes("?") || text.includes("#")) return false;
  return url.protocol === "http:" || url.protocol === "https:";
}

/** Without a slash at its end, so that a path can be appended. */
export const baseUrl: Kind<string> = {
  ...PLAIN,
  schema: z.pipe(
    z.string(A_URL).check(z.refine(isBaseUrl, A_URL)),
    z.transform((text) => new URL(text).href.replace(/\/+$/, "")),
  ),
  allowed: A_URL,
  placeholder: "<url>",
  mayBeShown: false,
};

const AN_AMOUNT = "a number from 0, such as 0.5";

/** US dollars. */
export const amount: Kind<number> = {
  ...PLAIN,
  schema: z.number(AN_AMOUNT).check(z.nonnegative(AN_AMOUNT)),
  fromText: (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text),
  allowed: AN_AMOUNT,
  placeholder: "<usd>",
};

export const keepWarmChoice: Kind<string> = {
  ...PLAIN,
  schema: z.string(KEEP_WARM_FORMS).check(z.refine((text) => parseKeepWarm(text) !== null, KEEP_WARM_FORMS)),
  allowed: KEEP_WARM_FORMS,
  placeholder: "<how-long>",
  choices: [],
};
