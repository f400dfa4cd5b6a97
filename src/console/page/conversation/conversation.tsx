/** One conversation: what it does, what happened, what is to come, and what can be done about it. */
import { useComputed } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import type { ConversationView } from "../../../hub/views/index.ts";
import { busy, close, forget, invoke, takeBackInterval, tell, warmNow } from "../link/act.ts";
import { conversation, isComplete, snapshots } from "../link/known.ts";
import { shownIds } from "../list/chosen.ts";
import { KeepWarmChoice } from "../list/keep-warm.tsx";
import { actOn } from "../list/steering.ts";
import { programOf, titleOf } from "../list/title.ts";
import { conversationLink, LIST_LINK } from "../shell/address.ts";
import { now } from "../shell/clock.ts";
import { Confirm } from "../shell/dialog.tsx";
import { Icon } from "../shell/icon.tsx";
import { goTo } from "../shell/route.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { Doing } from "../surface/life.tsx";
import { Surface } from "../surface/surface.tsx";
import { cappedTo, intervalInForce } from "../words/interval.ts";
import { counted, money } from "../words/money.ts";
import { span } from "../words/time.ts";
import { History } from "./history.tsx";
import { Outlook, PlanSentence } from "./outlook.tsx";
import { useHistory, useOutlook } from "./read.ts";
import { ReturnCost } from "./return-cost.tsx";
import { Timeline } from "./timeline.tsx";
import { whyNoWarm } from "./why-no-warm.ts";

export function Conversation({ id }: { readonly id: string }) {
  useShortcuts({ Escape: () => goTo(LIST_LINK) });
  const view = conversation(id);
  if (view === null) return <Missing id={id} />;
  return <Shown key={id} view={view} />;
}

const DAY_MS = 86_400_000;

function Shown({ view }: { readonly view: ConversationView }) {
  const { id, plan, surface } = view;
  const title = titleOf(view);
  const page = useRef<HTMLDivElement>(null);
  const history = useHistory(id, snapshots.value).value;
  // The chances change by the minute, and with whatever the policy goes by.
  const minute = useComputed(() => Math.floor(now.value / 60_000)).value;
  const facts = [minute, view.lastUsedAt, view.enabled, view.keepWarm, plan?.reason, view.phase];
  const outlook = useOutlook(id, facts.join(" ")).value;

  const cap = cappedTo(view);
  const warmUsd = outlook.value?.warmUsd ?? null;
  const alwaysUsd = warmUsd === null ? null : (warmUsd * DAY_MS) / intervalInForce(view);

  const step = (by: 1 | -1) => {
    const ids = shownIds.peek();
    const next = ids[ids.indexOf(id) + by];
    if (next !== undefined) goTo(conversationLink(next));
  };
  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    e: () => actOn(view, "toggle", null),
    w: () => actOn(view, "warm", null),
    i: () => page.current?.querySelector<HTMLElement>(".surface input")?.focus(),
    m: () => page.current?.querySelector<HTMLElement>(".keep select")?.focus(),
  });

  return (
    <div class="page conversation" ref={page}>
      <Head view={view} title={title} />
      <div class="columns-two">
        <div class="stack">
          {history.error !== null && <p class="card card-text loss">{history.error}</p>}
          {history.value !== null && <Timeline view={view} entries={history.value.entries} />}
          <div class="pair">
            <section class="card" aria-labelledby="return-title">
              <header class="card-head">
                <h2 id="return-title">A return now</h2>
              </header>
              <ReturnCost view={view} />
            </section>
            <section class="card" aria-labelledby="outlook-title">
              <header class="card-head">
                <h2 id="outlook-title">Will you be back?</h2>
              </header>
              {plan !== null && <PlanSentence plan={outlook.value?.plan ?? plan} />}
              {outlook.value !== null && <Outlook outlook={outlook.value} />}
              {outlook.error !== null && <p class="card-text loss">{outlook.error}</p>}
            </section>
          </div>
          <section class="card" aria-labelledby="history-title">
            <header class="card-head">
              <h2 id="history-title">History</h2>
              {view.money !== null && (
                <span class="card-readout">
                  {counted(view.money.warms, "warm")}, {counted(view.money.rescues, "rescue")}
                </span>
              )}
            </header>
            {history.value === null ? (
              <p class="quiet card-text">{history.error === null ? "Loading…" : "There is none to show."}</p>
            ) : history.value.entries.length === 0 ? (
              <p class="quiet card-text">Nothing has happened since it was first seen.</p>
            ) : (
              <History entries={history.value.entries} truncated={history.value.truncated} />
            )}
          </section>
        </div>
        <aside class="stack" aria-label="Steering">
          <Surface
            surface={surface}
            isBusy={busy.value.has(id)}
            isStandard={!view.intervalChosen}
            cap={cap === null ? undefined : span(cap)}
            onAction={(actionId, payload, said) => invoke(id, actionId, payload, `${title}: ${said}`)}
            onEmptied={(label) => takeBackInterval(id, `${title}: ${label} auto.`)}
          />
          <section class="card keep" aria-labelledby="keep-title">
            <header class="card-head">
              <h2 id="keep-title">Keep warm</h2>
            </header>
            <div class="card-body">
              <KeepWarmChoice view={view} />
              <p class="faint">
                Auto goes on as long as it is worth its price. Whatever you choose, your limits hold, and at
                most one rewrite is spent in a pause by auto and break-even.
                {alwaysUsd !== null &&
                  ` Always has no end: about ${money(alwaysUsd)} for each day that nobody comes.`}
              </p>
            </div>
          </section>
        </aside>
      </div>
    </div>
  );
}

function Head({ view, title }: { readonly view: ConversationView; readonly title: string }) {
  const { id, cwd, modelName, why, sideThreads, named } = view;
  const [asking, setAsking] = useState<"close" | "forget" | null>(null);
  const isBusy = busy.value.has(id);
  const whyNot = useComputed(() => whyNoWarm(view, now.value)).value;
  const facts = [modelName, programOf(view), sideThreads > 0 ? counted(sideThreads, "side thread") : null];
  return (
    <header class="head">
      <a class="back" href={LIST_LINK}>
        <Icon name="back" /> Conversations
      </a>
      <div class="head-row">
        <div class="head-title">
          <h1 class="cut" tabIndex={-1}>
            {title}
          </h1>
          <p class="quiet head-facts">{facts.filter((fact) => fact !== null).join(" · ")}</p>
          {cwd !== null && <p class="faint mono head-path">{cwd}</p>}
          <p class="faint head-id">
            <span class="mono">{id}</span>
            {named && (
              <button
                type="button"
                class="icon-button"
                aria-label="Copy the conversation's id"
                onClick={() =>
                  void navigator.clipboard.writeText(id).then(
                    () => tell("The id is copied."),
                    () => tell("The browser did not let the id be copied.", true),
                  )
                }
              >
                <Icon name="copy" />
              </button>
            )}
          </p>
        </div>
        <div class="head-doing">
          <Doing view={view} />
        </div>
        <div class="actions">
          <button
            type="button"
            class="button button-main"
            disabled={isBusy || whyNot !== null}
            aria-describedby={whyNot === null ? undefined : "why-no-warm"}
            onClick={() => void warmNow(id, title)}
          >
            <Icon name="flame" /> Warm now
          </button>
          <button type="button" class="button" onClick={() => setAsking("close")}>
            Close…
          </button>
          <button type="button" class="button" onClick={() => setAsking("forget")}>
            Forget…
          </button>
          {whyNot !== null && (
            <p class="faint actions-note" id="why-no-warm">
              {whyNot}
            </p>
          )}
        </div>
      </div>
      {why !== null && view.plan?.reason !== why && <p class="why">{why}</p>}
      {asking === "close" && (
        <Confirm
          title={`Close ${title}?`}
          text="Nothing is sent for it any more, its last request is let go of, and it stays off should it come again."
          does="Close it"
          onClose={() => setAsking(null)}
          onConfirm={() => void close(id, title).then((done) => done && goTo(LIST_LINK))}
        />
      )}
      {asking === "forget" && (
        <Confirm
          title={`Forget ${title}?`}
          text="Its settings and its history are removed. What it cost stays in the totals, without its name."
          does="Forget it"
          onClose={() => setAsking(null)}
          onConfirm={() => void forget(id, title).then((done) => done && goTo(LIST_LINK))}
        />
      )}
    </header>
  );
}

function Missing({ id }: { readonly id: string }) {
  return (
    <div class="page">
      <header class="head">
        <a class="back" href={LIST_LINK}>
          <Icon name="back" /> Conversations
        </a>
      </header>
      {isComplete.value && (
        <div class="nothing">
          <h1 tabIndex={-1}>No such conversation is open</h1>
          <p class="quiet">
            <span class="mono break">{id}</span> is not known to the gateway now: it was closed, forgotten, or
            has not spoken since the gateway started.
          </p>
        </div>
      )}
    </div>
  );
}
