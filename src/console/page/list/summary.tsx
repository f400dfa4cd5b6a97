/** The day so far, in four figures. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { groupOf } from "../../../hub/views/index.ts";
import { conversations, totals } from "../link/known.ts";
import { TOTALS_LINK } from "../shell/address.ts";
import { now } from "../shell/clock.ts";
import { count, counted, money } from "../words/money.ts";
import { countdown } from "../words/time.ts";

export function Summary() {
  const views = conversations();
  const warm = views.filter((view) => groupOf(view) === "warm");
  const next = warm.reduce<number | null>(
    (soonest, { nextWarmAt }) =>
      nextWarmAt !== null && (soonest === null || nextWarmAt < soonest) ? nextWarmAt : soonest,
    null,
  );
  const atStakeUsd = warm.reduce(
    (sum, { returnUsd }) => sum + (returnUsd === null ? 0 : returnUsd.cold - returnUsd.warm),
    0,
  );
  const nextText = useComputed(() =>
    next !== null && next > now.value ? `next warm in ${countdown(next - now.value)}` : "a warm is due",
  );
  const today = totals.value?.today;
  return (
    <dl class="figures">
      <Figure name="Kept warm" note={next === null ? "none is due" : nextText}>
        {count(warm.length)}
      </Figure>
      <Figure name="At stake" note="what a lapse of them would cost">
        {money(atStakeUsd)}
      </Figure>
      <Figure
        name="Net today"
        tone={
          today === undefined || Math.abs(today.netUsd) < 0.00005
            ? undefined
            : today.netUsd > 0
              ? "gain"
              : "loss"
        }
        note={today === undefined ? "" : `${money(today.spentUsd)} spent, ${money(today.savedUsd)} saved`}
      >
        <a href={TOTALS_LINK}>{today === undefined ? "—" : money(today.netUsd, { sign: true })}</a>
      </Figure>
      <Figure name="Rescues today" note={today === undefined ? "" : `after ${counted(today.warms, "warm")}`}>
        {today === undefined ? "—" : count(today.rescues)}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  readonly name: string;
  readonly note: ComponentChildren;
  readonly tone?: "gain" | "loss" | undefined;
  readonly children: ComponentChildren;
}

export function Figure({ name, note, tone, children }: FigureProps) {
  return (
    <div class="figure">
      <dt class="figure-name">{name}</dt>
      <dd class={tone === undefined ? "figure-value" : `figure-value ${tone}`}>{children}</dd>
      <dd class="figure-note">{note}</dd>
    </div>
  );
}
