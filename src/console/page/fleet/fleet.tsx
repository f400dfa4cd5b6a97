/** The fleet: its queue, its jobs, its workers. */
import { signal } from "@preact/signals";
import {
  type FleetAnswer,
  type FleetJobView,
  fleetAnswer,
  fleetJobsAnswer,
} from "../../../hub/views/index.ts";
import { gateway } from "../link/known.ts";
import { Figure } from "../list/summary.tsx";
import { jobLink } from "../shell/address.ts";
import { Choice } from "../shell/choice.tsx";
import { ScrollX } from "../shell/scroll-x.tsx";
import { count, counted, money } from "../words/money.ts";
import { fullTime } from "../words/time.ts";
import { useReading } from "./read.ts";
import { dueText, OUTCOME_WORDS, subjectOf, triggerText } from "./subject.ts";
import { Workers } from "./workers.tsx";

const SHOWN = {
  all: "All",
  queued: "Queued",
  completed: "Completed",
  failed: "Failed",
} as const;
const shown = signal<keyof typeof SHOWN>("all");

export function Fleet() {
  if (gateway.value?.fleet !== true) return <NoFleet />;
  return <Told />;
}

export function NoFleet() {
  return (
    <div class="page">
      <div class="nothing">
        <h1 tabIndex={-1}>This gateway has no fleet</h1>
        <p class="quiet">
          A team's warms are sent by workers, from a database: <code>keepwarm start --fleet</code>
        </p>
      </div>
    </div>
  );
}

function Told() {
  const { told, problem } = useReading("/v1/fleet", fleetAnswer);
  const fleet = told.value;
  return (
    <div class="page">
      <header class="head head-row">
        <div class="head-title">
          <h1 tabIndex={-1}>Fleet</h1>
          <p class="quiet">{fleet === null ? "Loading…" : sentence(fleet)}</p>
        </div>
      </header>
      {problem.value !== null && (
        <p class="card card-text loss" role="alert">
          {problem.value}
        </p>
      )}
      {fleet !== null && (
        <div class="stack">
          <Queue fleet={fleet} />
          <Jobs />
          <Workers workers={fleet.workers} now={fleet.now} />
          <Engine fleet={fleet} />
        </div>
      )}
    </div>
  );
}

function sentence({ queue, workers, gateways, embedded }: FleetAnswer): string {
  const alive = workers.filter(({ silent }) => !silent).length;
  const kept = `${counted(queue.prefixes, "prefix is", "prefixes are")} kept, and ${money(queue.spentUsd)} was spent in 24 hours`;
  if (embedded) return `${kept}. The worker and its database are inside this gateway.`;
  const others = gateways.filter(({ silent }) => !silent).length;
  return `${kept}: ${counted(alive, "worker")}, ${counted(others, "gateway")}.`;
}

function Queue({ fleet: { queue, workers } }: { readonly fleet: FleetAnswer }) {
  const slots = workers.reduce((sum, { silent, concurrency }) => sum + (silent ? 0 : concurrency), 0);
  const more = [
    queue.lapsed > 0 ? `${count(queue.lapsed)} lapsed` : "",
    queue.cancelled > 0 ? `${count(queue.cancelled)} cancelled` : "",
  ].filter((text) => text !== "");
  return (
    <dl class="figures">
      <Figure name="Queued" note={queue.due === 0 ? "none is due" : `${count(queue.due)} due`}>
        {count(queue.queued)}
      </Figure>
      <Figure name="In progress" note={`of ${counted(slots, "slot")}`}>
        {count(queue.inProgress)}
      </Figure>
      <Figure name="Completed, 24 h" note={more.length === 0 ? "none lapsed" : more.join(", ")}>
        {count(queue.completed)}
      </Figure>
      <Figure name="Failed, 24 h" note="after all tries" tone={queue.failed > 0 ? "loss" : undefined}>
        {count(queue.failed)}
      </Figure>
    </dl>
  );
}

function Jobs() {
  const outcome = shown.value === "all" ? "" : `?outcome=${shown.value}`;
  const { told } = useReading(`/v1/fleet/jobs${outcome}`, fleetJobsAnswer);
  const jobs = told.value?.jobs;
  return (
    <section class="card" aria-labelledby="jobs-title">
      <header class="card-head jobs-head">
        <h2 id="jobs-title">Jobs</h2>
        <Choice
          label="Jobs shown"
          choices={SHOWN}
          value={shown.value}
          onChoose={(chosen) => {
            shown.value = chosen;
          }}
        />
      </header>
      {jobs?.length === 0 && <p class="quiet card-text">There are no such jobs.</p>}
      {jobs !== undefined && jobs.length > 0 && (
        <ScrollX label="Table of jobs">
          <table class="data">
            <thead>
              <tr>
                {["For", "Outcome", "Kind", "Because of", "Due", "Worker"].map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <Row key={job.id} job={job} />
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
    </section>
  );
}

function Row({ job }: { readonly job: FleetJobView }) {
  const { id, kind, trigger, outcome, dueAt, worker, error } = job;
  return (
    <tr>
      <th scope="row" class="cut-cell">
        <a href={jobLink(id)}>{subjectOf(job)}</a>
        {error !== null && <span class="job-error">{error}</span>}
      </th>
      <td>
        <Outcome outcome={outcome} />
      </td>
      <td>{kind}</td>
      <td>{triggerText(trigger)}</td>
      <td class="when" title={fullTime(dueAt)}>
        {dueText(job)}
      </td>
      <td class="cut-cell mono">{worker ?? "—"}</td>
    </tr>
  );
}

export function Outcome({ outcome }: Pick<FleetJobView, "outcome">) {
  return (
    <span class="outcome" data-outcome={outcome}>
      {OUTCOME_WORDS[outcome]}
    </span>
  );
}

function Engine({ fleet: { dashboardUrl, embedded } }: { readonly fleet: FleetAnswer }) {
  return (
    <p class="quiet prose">
      The queue is pg-boss's.{" "}
      {dashboardUrl !== null ? (
        <a href={dashboardUrl} target="_blank" rel="noreferrer">
          Its own dashboard
        </a>
      ) : embedded ? (
        "Its own dashboard needs a database that is named by DATABASE_URL."
      ) : (
        <>
          It has a dashboard of its own: <code>npx @pg-boss/dashboard</code>
        </>
      )}
    </p>
  );
}
