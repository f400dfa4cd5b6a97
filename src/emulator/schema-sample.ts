import { isObject, type Json, type JsonObject } from "./json.ts";

/** Schemas that refer to themselves end here. */
const DEEPEST = 8;

/**
 * A value that satisfies a JSON schema of the kind tools and output formats use: required properties
 * only, the first of any alternatives, the least that is allowed of everything else.
 */
export function sampleOf(schema: Json | undefined, root: Json | undefined = schema, depth = 0): Json {
  if (!isObject(schema) || depth > DEEPEST) return null;
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  const choice = firstOf(schema.enum);
  if (choice !== undefined) return choice;
  const alternative = firstOf(schema.anyOf) ?? firstOf(schema.oneOf) ?? firstOf(schema.allOf);
  if (alternative !== undefined) return sampleOf(alternative, root, depth + 1);
  if (typeof schema.$ref === "string") return sampleOf(resolve(schema.$ref, root), root, depth + 1);
  const type = firstOf(schema.type) ?? schema.type;
  switch (type) {
    case "string":
      return "emulated".padEnd(numberAt(schema, "minLength"), ".");
    case "integer":
    case "number":
      return numberAt(schema, "minimum");
    case "boolean":
      return true;
    case "array":
      return Array.from({ length: numberAt(schema, "minItems") }, () =>
        sampleOf(schema.items, root, depth + 1),
      );
    case "null":
      return null;
    default:
      return sampleObject(schema, root, depth);
  }
}

function sampleObject(schema: JsonObject, root: Json | undefined, depth: number): Json {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const names = required.filter((name) => typeof name === "string");
  return Object.fromEntries(names.map((name) => [name, sampleOf(properties[name], root, depth + 1)]));
}

function resolve(reference: string, root: Json | undefined): Json | undefined {
  let value = root;
  for (const key of reference.replace(/^#\/?/, "").split("/")) {
    value = isObject(value) ? value[key] : undefined;
  }
  return value;
}

function firstOf(value: Json | undefined): Json | undefined {
  return Array.isArray(value) ? value[0] : undefined;
}

function numberAt(schema: JsonObject, key: string): number {
  const value = schema[key];
  return typeof value === "number" ? value : 0;
}
