/** For how long a conversation is kept warm, as its person chooses. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ConversationView } from "../../../hub/views/index.ts";
import { formatKeepWarm, KEEP_WARM_FORMS, parseKeepWarm } from "../../../policy/index.ts";
import { setKeepWarm, tell } from "../link/act.ts";
import { gateway } from "../link/known.ts";
import { keepWarmText } from "../words/keep-warm.ts";
import { titleOf } from "./title.ts";

const OFFERED = ["auto", "30m", "2h", "always", "break-even", "1 ping", "3 pings", "10 pings"];
const DEFAULT = "";
const OTHER = "other";

export function KeepWarmChoice({ view }: { readonly view: ConversationView }) {
  const { id, keepWarm } = view;
  const [isTyping, setTyping] = useState(false);
  const select = useRef<HTMLSelectElement>(null);
  const title = titleOf(view);
  const standard = gateway.value?.keepWarm ?? "auto";

  const choose = (choice: string | null) =>
    setKeepWarm(id, choice, `${title}: kept warm: ${keepWarmText(choice ?? standard)}.`);

  if (isTyping) {
    return (
      <TypedChoice
        title={title}
        onDone={(choice) => {
          setTyping(false);
          if (choice !== null) void choose(choice);
          queueMicrotask(() => select.current?.focus());
        }}
      />
    );
  }
  const offered = OFFERED.filter((text) => text !== standard || keepWarm === text);
  const values = keepWarm === null || offered.includes(keepWarm) ? offered : [keepWarm, ...offered];
  return (
    <select
      ref={select}
      class="select"
      aria-label={`How long to keep ${title} warm`}
      data-standard={keepWarm === null}
      value={keepWarm ?? DEFAULT}
      onChange={({ currentTarget }) => {
        const { value } = currentTarget;
        if (value !== OTHER) return void choose(value === DEFAULT ? null : value);
        currentTarget.value = keepWarm ?? DEFAULT;
        setTyping(true);
      }}
    >
      <option value={DEFAULT}>{keepWarmText(standard)} (default)</option>
      {values.map((value) => (
        <option key={value} value={value}>
          {keepWarmText(value)}
        </option>
      ))}
      <option value={OTHER}>Other…</option>
    </select>
  );
}

interface TypedChoiceProps {
  readonly title: string;
  /** Null: taken back. */
  readonly onDone: (choice: string | null) => void;
}

function TypedChoice({ title, onDone }: TypedChoiceProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const commit = () => {
    const text = input.current?.value.trim() ?? "";
    if (text === "") return onDone(null);
    const choice = parseKeepWarm(text);
    if (choice !== null) return onDone(formatKeepWarm(choice));
    tell(`“${text}” is not a choice: it is ${KEEP_WARM_FORMS}.`, true);
  };
  return (
    <input
      ref={input}
      class="input"
      type="text"
      placeholder="45m, 5 pings"
      aria-label={`How long to keep ${title} warm: ${KEEP_WARM_FORMS}`}
      onBlur={() => onDone(null)}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") onDone(null);
      }}
    />
  );
}
