/** One conversation in the list: what it does, what it cost, and everything that can be set of it. */
import { useComputed } from "@preact/signals";
import type { ConversationView } from "../../../hub/views/index.ts";
import { busy, invoke, takeBackInterval } from "../link/act.ts";
import { conversation } from "../link/known.ts";
import { conversationLink } from "../shell/address.ts";
import { now } from "../shell/clock.ts";
import { fieldOf } from "../surface/fields.ts";
import { Doing } from "../surface/life.tsx";
import { NumberField } from "../surface/number.tsx";
import { Switch } from "../surface/switch.tsx";
import { cappedTo } from "../words/interval.ts";
import { compactCount, count, money, percent } from "../words/money.ts";
import { ago, span } from "../words/time.ts";
import { KeepWarmChoice } from "./keep-warm.tsx";
import { reasonOf } from "./order.ts";
import { besideTitle, programOf, titleOf } from "./title.ts";

export function Row({ id }: { readonly id: string }) {
  const view = conversation(id);
  if (view === null) return null;
  const beside = besideTitle(view);
  return (
    <>
      <div role="cell" class="cell cell-switch">
        <Toggle view={view} />
      </div>
      <div role="cell" class="cell cell-title">
        <a class="row-link" href={conversationLink(id)} data-row={id}>
          <span class="row-title cut">{titleOf(view)}</span>
          {beside !== null && <span class="unseen">, {beside}</span>}
        </a>
        <Below view={view} />
      </div>
      <div role="cell" class="cell cell-doing">
        <Doing view={view} />
      </div>
      <Share name="turn" value={view.lastTurnPct} />
      <Share name="warm" value={view.lastPct} />
      <Share name="kept" value={view.lastExpectedPct} />
      <div role="cell" class="cell cell-prefix numeric" title={prefixTitle(view)}>
        {view.prefixTokens === null ? <Nothing /> : compactCount(view.prefixTokens)}
        <span class="cell-caption">tokens</span>
      </div>
      <div role="cell" class="cell cell-net numeric">
        <Net view={view} />
      </div>
      <div role="cell" class="cell cell-interval">
        <Interval view={view} />
      </div>
      <div role="cell" class="cell cell-keep">
        <KeepWarmChoice view={view} />
      </div>
    </>
  );
}

/** Why, where something is to be said; else the model and the last turn. */
function Below({ view }: { readonly view: ConversationView }) {
  const { lastTurnAt, modelName } = view;
  const since = useComputed(() => (lastTurnAt === null ? "no turn yet" : ago(lastTurnAt, now.value)));
  const reason = reasonOf(view);
  if (reason !== null) {
    return (
      <span class="row-below row-reason" title={reason}>
        {reason}
      </span>
    );
  }
  const rest = [programOf(view), besideTitle(view)]
    .filter((fact) => fact !== null)
    .map((fact) => ` · ${fact}`);
  return (
    <span class="row-below cut">
      {modelName !== null && `${modelName} · `}
      {since}
      {rest.join("")}
    </span>
  );
}

export function Toggle({ view }: { readonly view: ConversationView }) {
  const field = fieldOf(view.surface, "toggle");
  if (field === undefined) return null;
  const title = titleOf(view);
  return (
    <Switch
      name={`Keep ${title} warm`}
      isOn={field.value}
      isBusy={busy.value.has(view.id)}
      onChange={(isOn) =>
        void invoke(view.id, field.action.actionId, isOn, `${title} is switched ${isOn ? "on" : "off"}.`)
      }
    />
  );
}

export function Interval({ view }: { readonly view: ConversationView }) {
  const field = fieldOf(view.surface, "number");
  if (field === undefined) return null;
  const { action, label, value, min, max, step, unit } = field;
  const title = titleOf(view);
  const isStandard = !view.intervalChosen;
  const cap = cappedTo(view);
  return (
    <NumberField
      name={`${label} of ${title}`}
      value={value}
      min={min}
      max={max}
      step={step}
      unit={unit}
      isStandard={isStandard}
      hint={isStandard ? "Nobody chose one: the cache entry's own lifetime decides." : undefined}
      cap={cap === null ? undefined : span(cap)}
      onChange={(seconds) =>
        invoke(view.id, action.actionId, seconds, `${title}: ${label} ${count(seconds)} ${unit ?? ""}.`)
      }
      onEmptied={() => takeBackInterval(view.id, `${title}: ${label} auto.`)}
    />
  );
}

const SHARE_NAMES = { turn: "last turn", warm: "last warm", kept: "retention" } as const;

/** @param value 0–100; null: not known */
function Share({ name, value }: { readonly name: keyof typeof SHARE_NAMES; readonly value: number | null }) {
  return (
    <div role="cell" class={`cell cell-share cell-${name} numeric`} data-low={value !== null && value < 50}>
      {value === null ? <Nothing /> : percent(value)}
      <span class="cell-caption">{SHARE_NAMES[name]}</span>
    </div>
  );
}

function Net({ view }: { readonly view: ConversationView }) {
  const { money: figures } = view;
  if (figures === null) return <Nothing />;
  const { netUsd, spentUsd, savedUsd } = figures;
  return (
    <>
      <span class={netUsd > 0.00005 ? "net gain" : netUsd < -0.00005 ? "net loss" : "net"}>
        {money(netUsd, { sign: true })}
      </span>
      <span class="row-below">
        spent {money(spentUsd)}, saved {money(savedUsd)}
      </span>
    </>
  );
}

function prefixTitle({ prefixTokens, returnUsd }: ConversationView): string | undefined {
  if (prefixTokens === null) return undefined;
  const cost =
    returnUsd === null ? "" : `; a return costs ${money(returnUsd.warm)} warm, ${money(returnUsd.cold)} cold`;
  return `${count(prefixTokens)} tokens${cost}`;
}

function Nothing() {
  return (
    <span class="faint">
      <span aria-hidden="true">—</span>
      <span class="unseen">not known</span>
    </span>
  );
}
