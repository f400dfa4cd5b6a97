/** A request body as it arrives: JSON that nobody has checked yet. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects of a list; anything else in it, or a value that is no list, is left out. */
export function objectsOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The string at a key, or "" when there is none. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/**
 * One spelling for an object whose own keys are fields of the API: their order does not count, and a
 * `null` is the same as leaving the field out. What lies deeper keeps its order, because the key order
 * of a tool's input is part of the prompt (docs/prompt-caching.md row 1.19).
 */
export function canonical(value: JsonObject): string {
  const fields: Record<string, Json> = {};
  for (const key of Object.keys(value).sort()) {
    const field = value[key];
    if (field !== null && field !== undefined) fields[key] = field;
  }
  return JSON.stringify(fields);
}
