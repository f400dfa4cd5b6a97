import { KNOWN_MODELS, knownModel } from "./models.ts";

interface ListedModel {
  readonly type: "model";
  readonly id: string;
  readonly display_name: string;
  readonly created_at: string;
}

/** GET /v1/models: the models of the table, on one page. Capabilities are not emulated. */
export function modelPage(): object {
  const data = KNOWN_MODELS.map(listed);
  return { data, has_more: false, first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** GET /v1/models/{id}; null when there is none. */
export function oneModel(id: string): ListedModel | null {
  const spec = knownModel(id);
  return spec === null ? null : listed(spec.id);
}

function listed(id: string): ListedModel {
  const words = id.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const display_name = words.join(" ").replace(/(\d) (\d)/, "$1.$2");
  return { type: "model", id, display_name, created_at: "2026-01-01T00:00:00Z" };
}
