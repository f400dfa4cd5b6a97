/** Worker instances: where they are, what they do, when they were last heard of. */
import type { FleetWorkerView } from "../../../hub/views/index.ts";
import { ScrollX } from "../shell/scroll-x.tsx";
import { count } from "../words/money.ts";
import { ago, fullTime, span } from "../words/time.ts";

export function Workers({
  workers,
  now,
}: {
  readonly workers: readonly FleetWorkerView[];
  readonly now: number;
}) {
  return (
    <section class="card" aria-labelledby="workers-title">
      <header class="card-head">
        <h2 id="workers-title">Workers</h2>
      </header>
      {workers.length === 0 ? (
        <p class="card-text loss">
          There is no worker, so nothing is warmed. Start one: <code>keepwarm worker</code>
        </p>
      ) : (
        <ScrollX label="Table of workers">
          <table class="data">
            <thead>
              <tr>
                <th scope="col">Worker</th>
                <th scope="col">Host</th>
                <th scope="col">State</th>
                <th scope="col">Last heartbeat</th>
                <th scope="col" class="numeric">
                  In use
                </th>
                <th scope="col" class="numeric">
                  Jobs since start
                </th>
                <th scope="col" class="numeric">
                  Up for
                </th>
              </tr>
            </thead>
            <tbody>
              {workers.map(
                ({ id, host, version, silent, state, beatAt, active, concurrency, jobs, startedAt }) => (
                  <tr key={id}>
                    <th scope="row" class="cut-cell mono" title={`keepwarm ${version}`}>
                      {id}
                    </th>
                    <td class="cut-cell">{host}</td>
                    <td>
                      <span
                        class="outcome"
                        data-outcome={silent ? "failed" : state === "working" ? "completed" : "claimed"}
                      >
                        {silent ? "Silent" : state === "working" ? "Working" : "Draining"}
                      </span>
                    </td>
                    <td class="when" title={fullTime(beatAt)}>
                      {ago(beatAt, now)}
                    </td>
                    <td class="numeric">
                      {count(active)} of {count(concurrency)}
                    </td>
                    <td class="numeric">{count(jobs)}</td>
                    <td class="numeric">{span(now - startedAt)}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </ScrollX>
      )}
    </section>
  );
}
