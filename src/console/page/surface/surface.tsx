/** A surface as its host describes it: each field in its order, whatever they are. */
import type { SurfaceField, SurfaceSpec } from "../../../host.ts";
import { now } from "../shell/clock.ts";
import { ago } from "../words/time.ts";
import { readTimer, TIMER_RENDERER } from "./fields.ts";
import { NumberField } from "./number.tsx";
import { Switch } from "./switch.tsx";
import { Countdown } from "./timer.tsx";

export interface SurfaceProps {
  readonly surface: SurfaceSpec;
  /** Resolves with whether it was done. */
  readonly onAction: (actionId: string, payload: unknown, said: string) => Promise<boolean>;
  readonly isBusy: boolean;
  /** The number is what would hold, and nobody's choice. */
  readonly isStandard: boolean;
  /** What holds instead of the number, in words. */
  readonly cap?: string | undefined;
  /** The number was emptied. */
  readonly onEmptied?: (label: string) => Promise<boolean>;
}

export function Surface({ surface, ...props }: SurfaceProps) {
  return (
    <section class="card surface" aria-label={surface.title}>
      <header class="card-head">
        <h2>{surface.title}</h2>
      </header>
      <div class="fields">
        {surface.fields.map((field, index) => (
          <Field key={index} field={field} {...props} />
        ))}
      </div>
    </section>
  );
}

function Field({
  field,
  onAction,
  isBusy,
  isStandard,
  cap,
  onEmptied,
}: Omit<SurfaceProps, "surface"> & { field: SurfaceField }) {
  switch (field.kind) {
    case "toggle":
      return (
        <div class="field">
          <span>{field.label}</span>
          <Switch
            name={field.label}
            isOn={field.value}
            isBusy={isBusy}
            onChange={(isOn) =>
              onAction(field.action.actionId, isOn, `${field.label}: ${isOn ? "on" : "off"}.`)
            }
          />
        </div>
      );
    case "number":
      return (
        <div class="field">
          <span>{field.label}</span>
          <NumberField
            name={field.label}
            value={field.value}
            min={field.min}
            max={field.max}
            step={field.step}
            unit={field.unit}
            isStandard={isStandard}
            cap={cap}
            hint={isStandard ? "Nobody chose one: the cache entry's own lifetime decides." : undefined}
            onChange={(value) =>
              onAction(field.action.actionId, value, `${field.label}: ${value} ${field.unit ?? ""}.`)
            }
            {...(onEmptied === undefined ? {} : { onEmptied: () => onEmptied(field.label) })}
          />
        </div>
      );
    case "stat":
      // A sentence stands alone; a figure beside its name.
      return (
        <div class={field.value.length > 24 ? "field field-long" : "field"}>
          <span>{field.label}</span>
          <span class="field-value">{asHere(field.value)}</span>
        </div>
      );
    case "custom":
      return field.rendererId === TIMER_RENDERER ? <Timer payload={field.payload} /> : null;
    default:
      // A newer host's.
      return null;
  }
}

/** A host writes shares as `98%`, this page as `98 %`. */
function asHere(value: string): string {
  return value.replace(/(\d)%/g, "$1\u00a0%");
}

function Timer({ payload }: { readonly payload: unknown }) {
  const { nextWarmAt, lastWarmAt } = readTimer(payload);
  return (
    <>
      <div class="field">
        <span>Next warm</span>
        <span class="field-value">{nextWarmAt === null ? "—" : <Countdown to={nextWarmAt} />}</span>
      </div>
      <div class="field">
        <span>Last warm</span>
        <span class="field-value">{lastWarmAt === null ? "—" : ago(lastWarmAt, now.value)}</span>
      </div>
    </>
  );
}
