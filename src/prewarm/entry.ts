/** What a catalogue of prefixes says of each: what is sent, and when. */
import ms from "ms";
import * as z from "zod";
import { objectionTo, type Schedule } from "./cache/index.ts";

/**
 * What makes a prefix warm besides its schedule:
 *
 * - `connect`: the gateway starts
 * - `commit`: one of its files changes, or the repository's HEAD
 * - `miss`: first turns come again and again that find it cold
 */
export const TRIGGERS = ["connect", "commit", "miss"] as const;
export type Trigger = (typeof TRIGGERS)[number];

const DAY_MS = 86_400_000;
const LEAST_INTERVAL_MS = 1_000;

function scheduleOf(text: string): Schedule | null {
  if (!/^\d+(\.\d+)?\s*[a-z]+$/i.test(text)) return { cron: text };
  const everyMs = ms(text as ms.StringValue);
  return everyMs >= LEAST_INTERVAL_MS && everyMs <= 7 * DAY_MS ? { everyMs } : null;
}

const schedule = z.string().transform((text, context): Schedule => {
  const parsed = scheduleOf(text.trim());
  const objection = parsed === null ? "an interval is from 1s to 7d" : objectionTo(parsed);
  if (parsed !== null && objection === null) return parsed;
  context.addIssue({
    code: "custom",
    message: `${objection?.replace(/\.$/, "")}: write 4m, or a cron expression such as 0 8 * * 1-5`,
  });
  return z.NEVER;
});

/** Models, markers and the like are judged later, with a sentence for each. */
export const requestBody = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })).optional(),
});

const artifact = z.strictObject({
  /** Which loader makes it. */
  type: z.string().min(1),
  /** The path of a clone, from the catalogue's folder. */
  repository: z.string().min(1).default("."),
  branch: z.string().min(1).default("HEAD"),
  parameters: z.record(z.string(), z.string()).default({}),
});

const fields = {
  /** What people call it. Letters, digits and `. _ - /`, so that it can stand in a log. */
  name: z
    .string()
    .regex(/^[\w.\-/]{1,100}$/, "a name has letters, digits and . _ - / alone, at most 100 of them"),
  /** The body of a Messages request, with a marker on the last shared block. */
  request: requestBody.optional(),
  /** A file that holds it. */
  file: z.string().min(1).optional(),
  /** A module whose default export is it, or a function that gives it. */
  module: z.string().min(1).optional(),
  /** Sent as `anthropic-beta`, as the real traffic's is. */
  betas: z.array(z.string().regex(/^[\w-]+$/)).default([]),
  /** How long its entries live; left out, as its markers say. */
  tier: z.enum(["5m", "1h"]).optional(),
  schedule: schedule.optional(),
  /** Of a cron expression, such as `Europe/Berlin`. */
  timeZone: z.string().optional(),
  triggers: z.array(z.enum(TRIGGERS)).default([]),
  /** What stands for `{{artifact:<name>}}` in its texts, and is given to its module. */
  artifacts: z
    .record(z.string().regex(/^[\w-]+$/, "an artifact's name has letters, digits, _ and - alone"), artifact)
    .default({}),
  /** Files whose change is a `commit`, besides those that it is made of. */
  files: z.array(z.string().min(1)).default([]),
  /** Warmed ahead of the usual hours though it is not hot. */
  pinned: z.boolean().default(false),
  /** What a first answer that need not wait for the write is worth, in US dollars. */
  latencyUsd: z.number().nonnegative().default(0),
};

/** One prefix, as a catalogue has it. */
export const catalogueEntry = z
  .strictObject(fields)
  .refine(
    ({ request, file, module }) => [request, file, module].filter((one) => one !== undefined).length === 1,
    "it needs one of request, file and module, and no more than one",
  )
  .refine(
    ({ schedule: when, timeZone }) =>
      when === undefined || "everyMs" in when || objectionTo({ ...when, timeZone }) === null,
    { path: ["timeZone"], message: "there is no such time zone: write one such as Europe/Berlin" },
  );

export type CatalogueEntry = z.output<typeof catalogueEntry>;

/** In words. */
export function scheduleText(schedule: Schedule): string {
  return "everyMs" in schedule ? `every ${ms(schedule.everyMs)}` : schedule.cron;
}
