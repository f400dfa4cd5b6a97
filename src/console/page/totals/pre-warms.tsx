/** What was warmed before anyone asked: the catalogue as it stands, and what became of each pre-warm. */
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type PrewarmAnswer, prewarmAnswer } from "../../../hub/views/index.ts";
import { ask } from "../link/ask.ts";
import { heldToken } from "../link/connection.ts";
import { gateway, snapshots } from "../link/known.ts";
import { now } from "../shell/clock.ts";
import { ScrollX } from "../shell/scroll-x.tsx";
import { count, counted, money } from "../words/money.ts";
import { ago, countdown, fullTime } from "../words/time.ts";

const CAUSES: Readonly<Record<string, string>> = {
  connect: "at the start",
  commit: "a commit",
  miss: "repeated misses",
  schedule: "its schedule",
  hours: "the usual hours",
  asked: "asked for",
};

const OUTCOMES: Readonly<Record<string, string>> = {
  wrote: "written",
  read: "was warm, lives on",
  part: "written in part",
  nothing: "not cached",
  refused: "not sent",
  failed: "failed",
};

const SHOWN = 10;

export function PreWarms() {
  const [told, setTold] = useState<PrewarmAnswer | null>(null);
  // The gateway counts what has happened, and says when.
  const facts = `${snapshots.value} ${gateway.value?.preWarms ?? 0}`;

  useEffect(() => {
    const controller = new AbortController();
    ask(heldToken(), { path: "/v1/prewarm", signal: controller.signal }, prewarmAnswer).then(
      setTold,
      () => {},
    );
    return () => controller.abort();
  }, [facts]);

  if (told === null || (!told.enabled && told.history.length === 0)) return null;
  const { enabled, trouble, spentUsd, maxUsd, problems } = told;
  return (
    <section class="card" aria-labelledby="pre-warms-title">
      <header class="card-head">
        <h2 id="pre-warms-title">Pre-warms</h2>
        <p class="quiet">
          {enabled ? "" : "Switched off. "}
          {money(spentUsd)} of {money(maxUsd)} in 24 hours
        </p>
      </header>
      {trouble !== null && (
        <p class="card-text loss" role="alert">
          {trouble}
        </p>
      )}
      {problems.length > 0 && (
        <ul class="caveats">
          {problems.map(({ name, sentence }) => (
            <li key={`${name} ${sentence}`}>
              {name}: {sentence}
            </li>
          ))}
        </ul>
      )}
      {told.uncatalogued > 0 && (
        <p class="quiet card-text">
          {counted(told.uncatalogued, "prefix", "prefixes")} that conversations often begin with{" "}
          {told.uncatalogued === 1 ? "is" : "are"} not in the catalogue.
        </p>
      )}
      <Prefixes told={told} />
      <History told={told} />
    </section>
  );
}

function Prefixes({ told: { prefixes } }: { readonly told: PrewarmAnswer }) {
  if (prefixes.length === 0) return null;
  return (
    <Table
      label="Prefixes"
      columns={["Prefix", "Tokens", "Written", "Read", "When", "Warm for"]}
      rows={prefixes}
    >
      {({ name, model, prefixTokens, writeUsd, readUsd, schedule, triggers, lapsesAt, problems, drift }) => (
        <tr key={name}>
          <th scope="row" class="cut-cell" title={model ?? ""}>
            {name}
            {[...problems, ...(drift === null ? [] : [drift])].map((sentence) => (
              <p key={sentence} class="loss">
                {sentence}
              </p>
            ))}
          </th>
          <td class="numeric">{count(prefixTokens)}</td>
          <td class="numeric">{writeUsd === null ? "?" : money(writeUsd)}</td>
          <td class="numeric">{readUsd === null ? "?" : money(readUsd)}</td>
          <td>{[...(schedule === null ? [] : [schedule]), ...triggers].join(", ")}</td>
          <td class="numeric">
            {lapsesAt === null || lapsesAt <= now.value ? "cold" : countdown(lapsesAt - now.value)}
          </td>
        </tr>
      )}
    </Table>
  );
}

function History({ told: { history } }: { readonly told: PrewarmAnswer }) {
  if (history.length === 0) return <p class="quiet card-text">Nothing has been pre-warmed yet.</p>;
  return (
    <Table
      label="History of pre-warms"
      columns={["Pre-warmed", "At", "Because of", "Written", "Read", "Cost"]}
      rows={history}
    >
      {({ name, at, cause, outcome, why, wroteTokens, readTokens, costUsd }) => (
        <tr key={`${at} ${name}`}>
          <th scope="row" class="cut-cell">
            {name} <span class="faint">{OUTCOMES[outcome] ?? outcome}</span>
            {why !== null && <p class="loss">{why}</p>}
          </th>
          <td title={fullTime(at)}>{ago(at, now.value)}</td>
          <td>{CAUSES[cause] ?? cause}</td>
          <td class="numeric">{count(wroteTokens)}</td>
          <td class="numeric">{count(readTokens)}</td>
          <td class="numeric">{costUsd === null ? "" : money(costUsd)}</td>
        </tr>
      )}
    </Table>
  );
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly children: (row: Row) => ComponentChild;
}

const TEXT_COLUMNS = ["At", "When", "Because of"];

function Table<Row>({ label, columns, rows, children }: TableProps<Row>) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? rows : rows.slice(0, SHOWN);
  return (
    <>
      <ScrollX label={label}>
        <table class="data">
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th
                  key={column}
                  scope="col"
                  class={index === 0 || TEXT_COLUMNS.includes(column) ? "" : "numeric"}
                >
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{shown.map(children)}</tbody>
        </table>
      </ScrollX>
      {rows.length > shown.length && (
        <button type="button" class="button button-wide" onClick={() => setWhole(true)}>
          Show all {count(rows.length)}
        </button>
      )}
    </>
  );
}
