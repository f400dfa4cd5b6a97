/** Places in a JSON value, and values with one place changed. */
import type { JsonPath } from "./host-plugin.ts";

type Container = Record<string | number, unknown>;

/** Undefined where there is none. */
export function valueAt(document: unknown, path: JsonPath): unknown {
  let value = document;
  for (const key of path) {
    if (!isContainer(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** How many leading steps of the path lead somewhere. */
export function depthOf(document: unknown, path: JsonPath): number {
  const missing = path.findIndex((_, index) => valueAt(document, path.slice(0, index + 1)) === undefined);
  return missing === -1 ? path.length : missing;
}

/** A copy with another value in that place, which is made where it is missing; undefined takes it out. */
export function withValue(document: unknown, path: JsonPath, value: unknown): unknown {
  const copy: unknown = structuredClone(document);
  const last = path.at(-1);
  if (last === undefined) return value;
  let container = copy as Container;
  for (const [index, key] of path.slice(0, -1).entries()) {
    if (!isContainer(container[key])) container[key] = typeof path[index + 1] === "number" ? [] : {};
    container = container[key] as Container;
  }
  if (value !== undefined) container[last] = value;
  else if (Array.isArray(container) && typeof last === "number") container.splice(last, 1);
  else delete container[last];
  return copy;
}

export function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}
