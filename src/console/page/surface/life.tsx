/** What a conversation is doing, with the life that is left of its prefix as a ring. */
import { useComputed } from "@preact/signals";
import type { ConversationView } from "../../../hub/views/index.ts";
import { now } from "../shell/clock.ts";
import { countdown, span } from "../words/time.ts";
import { timerOf } from "./fields.ts";
import { Countdown, Ring } from "./timer.tsx";

/** The TTL where none is known, in ms: what the gateway assumes as well. */
const ASSUMED_TTL_MS = 300_000;

export function Life({ view }: { readonly view: ConversationView }) {
  const left = useComputed(() =>
    view.lapsesAt === null ? 0 : (view.lapsesAt - now.value) / (view.ttlMs ?? ASSUMED_TTL_MS),
  );
  return <Ring left={left} />;
}

export function Doing({ view }: { readonly view: ConversationView }) {
  const next = timerOf(view.surface)?.nextWarmAt ?? null;
  const { phase } = view;
  if (phase === "generating")
    return <State name="generating" head="Generating" foot="its turn is under way" />;
  if (phase === "warming")
    return <State name="warming" head="Warming" foot="a warm is on its way" view={view} />;
  if (phase === "idle" && next !== null) {
    return (
      <div class="doing" data-state="warm">
        <Life view={view} />
        <span class="doing-text">
          <span class="doing-head">
            <Countdown to={next} />
          </span>
          <span class="doing-foot">next warm</span>
        </span>
      </div>
    );
  }
  if (phase === "idle") return <State name="waiting" head="On" view={view} />;
  if (phase === "lapsed") return <State name="lapsed" head="Lapsed" view={view} />;
  if (phase === "stopped") return <State name="stopped" head="Stopped" view={view} />;
  return <State name="off" head="Off" view={view} />;
}

interface StateProps {
  readonly name: string;
  readonly head: string;
  /** Left out: what is left of the prefix's life. */
  readonly foot?: string;
  readonly view?: ConversationView;
}

function State({ name, head, foot, view }: StateProps) {
  return (
    <div class="doing" data-state={name}>
      {view === undefined ? <span class="pulse" aria-hidden="true" /> : <Life view={view} />}
      <span class="doing-text">
        <span class="doing-head">{head}</span>
        {foot !== undefined && <span class="doing-foot">{foot}</span>}
        {foot === undefined && view !== undefined && <LifeLeft view={view} />}
      </span>
    </div>
  );
}

function LifeLeft({ view }: { readonly view: ConversationView }) {
  const { lapsesAt } = view;
  const text = useComputed(() => {
    if (lapsesAt === null) return "nothing cached";
    const left = lapsesAt - now.value;
    return left > 0 ? `lapses in ${countdown(left)}` : `cold for ${span(-left)}`;
  });
  return <span class="doing-foot">{text}</span>;
}
