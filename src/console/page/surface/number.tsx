/** A number field: what is typed counts once it is left, or with Enter; Escape takes it back. */
import { useLayoutEffect, useRef } from "preact/hooks";

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
  /** What holds instead, in words, because this is more than may be. */
  readonly cap?: string | undefined;
  /** Resolves with whether it holds now. */
  readonly onChange: (value: number) => Promise<boolean>;
  /** It was emptied: nobody's choice again. */
  readonly onEmptied?: () => Promise<boolean>;
}

export function NumberField(props: NumberProps) {
  const { name, value, min, max, step, unit, isStandard = false, hint, cap, onChange, onEmptied } = props;
  const input = useRef<HTMLInputElement>(null);
  const shown = isStandard ? "" : String(value);
  const latest = useRef(shown);
  latest.current = shown;
  const isTyping = useRef(false);
  const showLatest = () => {
    isTyping.current = false;
    if (input.current !== null) input.current.value = latest.current;
  };
  // Not while somebody types: whatever else changes of the conversation draws this anew.
  useLayoutEffect(() => {
    if (!isTyping.current) showLatest();
  }, [shown]);
  const commit = () => {
    const field = input.current;
    if (field === null || field.value === shown) return showLatest();
    const isEmpty = field.value === "" && !field.validity.badInput;
    if (isEmpty && onEmptied !== undefined) return void onEmptied().then(showLatest);
    const typed = field.valueAsNumber;
    if (!Number.isFinite(typed) || !field.validity.valid) return showLatest();
    void onChange(typed).then(showLatest);
  };
  const field = (
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
        placeholder={isStandard ? "auto" : undefined}
        onInput={() => {
          isTyping.current = true;
        }}
        onChange={commit}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            showLatest();
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
  if (cap === undefined) return field;
  const why = `The cache entry's lifetime makes it ${cap}.`;
  return (
    <span class="number-capped">
      {field}
      <span class="number-cap" title={why}>
        <span aria-hidden="true">→ {cap}</span>
        <span class="unseen">{why}</span>
      </span>
    </span>
  );
}

function nameOf(name: string, unit: string | undefined, isStandard: boolean): string {
  const measured = unit === undefined ? name : `${name}, in ${unit === "s" ? "seconds" : unit}`;
  return isStandard ? `${measured}; not chosen, the cache entry's lifetime decides` : measured;
}
