/** One job: what it is for, how long each phase took, what went wrong, and once more. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type FleetJobAnswer, fleetJobAnswer, fleetRequeued } from "../../../hub/views/index.ts";
import { tell } from "../link/act.ts";
import { ask } from "../link/ask.ts";
import { heldToken } from "../link/connection.ts";
import { conversation, gateway } from "../link/known.ts";
import { conversationLink, FLEET_LINK, jobLink } from "../shell/address.ts";
import { goTo } from "../shell/route.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { money } from "../words/money.ts";
import { fullTime } from "../words/time.ts";
import { NoFleet, Outcome } from "./fleet.tsx";
import { useReading } from "./read.ts";
import { dueText, phaseText, subjectOf, triggerText } from "./subject.ts";

export function Job({ id }: { readonly id: string }) {
  useShortcuts({ Escape: () => goTo(FLEET_LINK) });
  if (gateway.value?.fleet !== true) return <NoFleet />;
  return <Read id={id} />;
}

function Read({ id }: { readonly id: string }) {
  const { told, problem } = useReading(`/v1/fleet/jobs/${id}`, fleetJobAnswer);
  const answer = told.value;
  return (
    <div class="page page-narrow">
      <p class="crumb">
        <a class="plain-link" href={FLEET_LINK}>
          Fleet
        </a>
      </p>
      {answer === null && <h1 tabIndex={-1}>Job</h1>}
      {problem.value !== null && (
        <p class="card card-text loss" role="alert">
          {problem.value}
        </p>
      )}
      {answer !== null && <Told answer={answer} />}
    </div>
  );
}

/** What may be done again: the rest is under way, or was done. */
const REPEATABLE = ["failed", "lapsed", "cancelled"];

function Told({ answer: { job, phases } }: { readonly answer: FleetJobAnswer }) {
  const { id, outcome, kind, trigger, error, worker, attempt, dueAt, costUsd, prefixId } = job;
  return (
    <>
      <header class="head head-row">
        <div class="head-title">
          <h1 tabIndex={-1} class="break">
            {subjectOf(job)}
          </h1>
          <p class="quiet">
            <Outcome outcome={outcome} /> · {kind} · {triggerText(trigger)}
          </p>
        </div>
        {REPEATABLE.includes(outcome) && <Requeue id={id} />}
      </header>
      <div class="stack">
        {error !== null && <p class="card card-text loss break">{error}</p>}
        <section class="card" aria-labelledby="phases-title">
          <header class="card-head">
            <h2 id="phases-title">Phases</h2>
            <p class="quiet">{phaseText(phases.elapsedMs)} in all</p>
          </header>
          <Phases phases={phases} />
        </section>
        <section class="card" aria-label="Details">
          <dl class="fields fields-first">
            <Detail name="Job">
              <span class="mono">{id}</span>
            </Detail>
            {job.repository !== null && <Detail name="Repository">{job.repository}</Detail>}
            {job.branch !== null && <Detail name="Branch">{job.branch}</Detail>}
            {job.conversation !== null && (
              <Detail name="Conversation">
                {conversation(job.conversation) === null ? (
                  job.conversation
                ) : (
                  <a class="plain-link" href={conversationLink(job.conversation)}>
                    {job.conversation}
                  </a>
                )}
              </Detail>
            )}
            {prefixId !== null && (
              <Detail name="Prefix">
                <span class="mono">{prefixId}</span>
              </Detail>
            )}
            <Detail name="Due">
              <span title={fullTime(dueAt)}>{dueText(job)}</span>
            </Detail>
            {worker !== null && (
              <Detail name="Worker">
                <span class="mono">{worker}</span>
              </Detail>
            )}
            {attempt > 0 && <Detail name="Attempt">{attempt}</Detail>}
            {costUsd !== null && <Detail name="Cost">{money(costUsd)}</Detail>}
          </dl>
        </section>
        <Attempts job={job} />
      </div>
    </>
  );
}

function Phases({ phases }: Pick<FleetJobAnswer, "phases">) {
  const rows = [
    ["Queued", phases.queuedMs],
    ["Claimed", phases.claimedMs],
    ["Running", phases.runningMs],
  ] as const;
  const longest = Math.max(1, ...rows.map(([, ms]) => ms ?? 0));
  return (
    <dl class="phases">
      {rows.map(([name, ms]) => (
        <div key={name} class="phase-row">
          <dt>{name}</dt>
          <dd>{ms === null ? <span class="faint">not reached</span> : phaseText(ms)}</dd>
          <dd aria-hidden="true">
            <progress class="phase-bar" max={longest} value={ms ?? 0} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Detail({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="field">
      <dt>{name}</dt>
      <dd class="field-value break">{children}</dd>
    </div>
  );
}

function Attempts({ job: { attempts } }: Pick<FleetJobAnswer, "job">) {
  if (attempts.length === 0) return null;
  return (
    <section class="card" aria-labelledby="attempts-title">
      <header class="card-head">
        <h2 id="attempts-title">Earlier attempts</h2>
      </header>
      <ul class="caveats">
        {attempts.map(({ attempt, worker, error }) => (
          <li key={attempt} class="break">
            {attempt}. on {worker}: {error ?? "nothing was heard of it"}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Requeue({ id }: { readonly id: string }) {
  const [isBusy, setBusy] = useState(false);
  async function requeue(): Promise<void> {
    setBusy(true);
    try {
      const { jobId } = await ask(
        heldToken(),
        { path: `/v1/fleet/jobs/${id}/requeue`, body: {} },
        fleetRequeued,
      );
      tell("It is queued again, as another job.");
      goTo(jobLink(jobId));
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), true);
      setBusy(false);
    }
  }
  return (
    <button type="button" class="button button-main" disabled={isBusy} onClick={requeue}>
      Queue again
    </button>
  );
}
