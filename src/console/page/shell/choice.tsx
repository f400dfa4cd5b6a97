/** One of a few, side by side. */
import { useId } from "preact/hooks";

export interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly choices: Readonly<Record<T, string>>;
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

export function Choice<T extends string>({ label, choices, value, onChoose }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {(Object.entries(choices) as [T, string][]).map(([key, text]) => (
        <label key={key} class="choice-one">
          <input type="radio" name={name} checked={key === value} onChange={() => onChoose(key)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
