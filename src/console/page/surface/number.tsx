/** A number field: what is typed counts once it is left, or with Enter; Escape takes it back. */
import { useRef } from "preact/hooks";

export interface NumberProps {
  readonly name: string;
  readonly value: number;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly step?: number | undefined;
  readonly unit?: string | undefined;
  /** Nobody chose it, and something else decides: not shown, so that it is not taken for what holds. */
  readonly isStandard?: boolean;
  readonly hint?: string | undefined;
  readonly onChange: (value: number) => void;
}

export function NumberField(props: NumberProps) {
  const { name, value, min, max, step, unit, isStandard = false, hint, onChange } = props;
  const input = useRef<HTMLInputElement>(null);
  const shown = isStandard ? "" : String(value);
  const takeBack = () => {
    if (input.current !== null) input.current.value = shown;
  };
  const commit = () => {
    const field = input.current;
    if (field === null || field.value === shown) return;
    const typed = field.valueAsNumber;
    if (!Number.isFinite(typed) || !field.validity.valid) return takeBack();
    onChange(typed);
  };
  return (
    <span class="number" data-standard={isStandard} title={hint}>
      <span class="number-label" aria-hidden="true">
        every
      </span>
      <input
        ref={input}
        type="number"
        inputMode="numeric"
        aria-label={nameOf(name, unit, isStandard)}
        min={min}
        max={max}
        step={step}
        value={shown}
        placeholder={isStandard ? "auto" : undefined}
        onChange={commit}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            takeBack();
            event.currentTarget.blur();
          }
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
      {unit !== undefined && !isStandard && (
        <span class="number-unit" aria-hidden="true">
          {unit}
        </span>
      )}
    </span>
  );
}

function nameOf(name: string, unit: string | undefined, isStandard: boolean): string {
  const measured = unit === undefined ? name : `${name}, in ${unit === "s" ? "seconds" : unit}`;
  return isStandard ? `${measured}; not chosen, the cache entry's lifetime decides` : measured;
}
