/** What coming back now would cost, with the cache as it is and as it would be. */
import { useComputed } from "@preact/signals";
import type { ConversationView } from "../../../hub/views/index.ts";
import { now } from "../shell/clock.ts";
import { compactCount, money } from "../words/money.ts";

export function ReturnCost({ view }: { readonly view: ConversationView }) {
  const { returnUsd, lapsesAt, prefixTokens } = view;
  const isWarm = useComputed(() => lapsesAt !== null && lapsesAt > now.value).value;
  if (returnUsd === null) {
    return (
      <p class="quiet card-text">
        {(prefixTokens ?? 0) === 0 ? "Nothing of it is cached." : "The price of this model is not known."}
      </p>
    );
  }
  const { warm, cold } = returnUsd;
  return (
    <div class="return">
      <p class="return-head">
        <span class="return-usd">{money(isWarm ? warm : cold)}</span>
        <span class="quiet">
          {isWarm ? "if you came back now: the cache is warm" : "if you came back now: the cache is cold"}
        </span>
      </p>
      <dl class="bars">
        <Bar name="Warm" note="read again" usd={warm} of={cold} isNow={isWarm} tone="warm" />
        <Bar name="Cold" note="written again" usd={cold} of={cold} isNow={!isWarm} tone="lapse" />
      </dl>
      {prefixTokens !== null && (
        <p class="faint">The cached {compactCount(prefixTokens)} tokens alone; what you add comes on top.</p>
      )}
    </div>
  );
}

interface BarProps {
  readonly name: string;
  readonly note: string;
  readonly usd: number;
  readonly of: number;
  readonly isNow: boolean;
  readonly tone: "warm" | "lapse";
}

function Bar({ name, note, usd, of, isNow, tone }: BarProps) {
  const share = of > 0 ? Math.max(0.01, usd / of) : 0.01;
  return (
    <div class="bar" data-now={isNow} data-tone={tone}>
      <dt>
        {name} <span class="faint">{note}</span>
      </dt>
      <dd>
        <span class="bar-track" aria-hidden="true">
          <span class="bar-fill" style={{ width: `${share * 100}%` }} />
        </span>
        <span class="numeric">{money(usd)}</span>
      </dd>
    </div>
  );
}
