/** What a surface's fields hold, read as far as this page knows them: a newer host may show more. */
import type { SurfaceField, SurfaceSpec } from "../../../host.ts";

export type FieldOf<Kind extends SurfaceField["kind"]> = Extract<SurfaceField, { kind: Kind }>;

export const TIMER_RENDERER = "cache-warming-timer";

/** Epoch ms. */
export interface TimerPayload {
  readonly nextWarmAt: number | null;
  readonly lastWarmAt: number | null;
}

/** The first field of a kind. */
export function fieldOf<Kind extends SurfaceField["kind"]>(
  { fields }: SurfaceSpec,
  kind: Kind,
): FieldOf<Kind> | undefined {
  return fields.find((field): field is FieldOf<Kind> => field.kind === kind);
}

export function timerOf({ fields }: SurfaceSpec): TimerPayload | undefined {
  const timer = fields.find((field) => field.kind === "custom" && field.rendererId === TIMER_RENDERER);
  return timer?.kind === "custom" ? readTimer(timer.payload) : undefined;
}

export function readTimer(payload: unknown): TimerPayload {
  const read = (name: string) => {
    const value = typeof payload === "object" && payload !== null ? Reflect.get(payload, name) : undefined;
    return typeof value === "number" ? value : null;
  };
  return { nextWarmAt: read("nextWarmAt"), lastWarmAt: read("lastWarmAt") };
}
