/** What warming cost and saved, by day. */
import { signal, useComputed } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { type ReportAnswer, reportAnswer } from "../../../hub/views/index.ts";
import { ask } from "../link/ask.ts";
import { heldToken } from "../link/connection.ts";
import { conversation, snapshots, totals } from "../link/known.ts";
import { Figure } from "../list/summary.tsx";
import { titleOf } from "../list/title.ts";
import { conversationLink } from "../shell/address.ts";
import { Choice } from "../shell/choice.tsx";
import { now } from "../shell/clock.ts";
import { ScrollX } from "../shell/scroll-x.tsx";
import { keepWarmText } from "../words/keep-warm.ts";
import { count, counted, money } from "../words/money.ts";
import { Days } from "./days.tsx";
import { PreWarms } from "./pre-warms.tsx";
import { RANGES, type Range, sinceOf } from "./range.ts";
import { caveats, nameOf, verdict } from "./verdict.ts";

const range = signal<Range>("month");

type Amounts = ReportAnswer["total"];

export function Totals() {
  const [report, setReport] = useState<ReportAnswer | null>(null);
  const [error, setError] = useState<string | null>(null);
  const day = useComputed(() => new Date(now.value).toDateString()).value;
  // Whatever is spent or saved comes with new totals.
  const facts = [range.value, day, snapshots.value, JSON.stringify(totals.value?.all)].join(" ");

  useEffect(() => {
    const controller = new AbortController();
    const since = sinceOf(range.peek(), now.peek());
    const path = since === null ? "/v1/report" : `/v1/report?since=${Math.round(since)}`;
    ask(heldToken(), { path, signal: controller.signal }, reportAnswer).then(
      (answer) => {
        setReport(answer);
        setError(null);
      },
      (problem: unknown) => {
        if (!controller.signal.aborted)
          setError(problem instanceof Error ? problem.message : String(problem));
      },
    );
    return () => controller.abort();
  }, [facts]);

  return (
    <div class="page">
      <header class="head head-row">
        <div class="head-title">
          <h1 tabIndex={-1}>Totals</h1>
          <p class="quiet">{report === null ? "Loading…" : verdict(report)}</p>
        </div>
        <Choice
          label="Days shown"
          choices={RANGES}
          value={range.value}
          onChoose={(chosen) => {
            range.value = chosen;
          }}
        />
      </header>
      {error !== null && (
        <p class="card card-text loss" role="alert">
          {error}
        </p>
      )}
      {report !== null && <Told report={report} />}
      <PreWarms />
    </div>
  );
}

function Told({ report }: { readonly report: ReportAnswer }) {
  const { total, days, conversations, models, policies } = report;
  const named = conversations.filter(({ conversationId }) => conversationId !== null);
  return (
    <div class="stack">
      <dl class="figures">
        <Figure name="Net" tone={toneOf(total.netUsd)} note="saved less spent">
          {money(total.netUsd, { sign: true })}
        </Figure>
        <Figure name="Saved" note={counted(total.rescued, "rescue")}>
          {money(total.savedUsd)}
        </Figure>
        <Figure name="Spent" note={counted(total.warms, "warm")}>
          {money(total.spentUsd)}
        </Figure>
        <Figure name="Cold returns" note="after a lapse nobody warmed through">
          {count(total.lapsed)}
        </Figure>
      </dl>
      <section class="card" aria-labelledby="days-title">
        <header class="card-head">
          <h2 id="days-title">By day</h2>
        </header>
        {days.length === 0 ? (
          <p class="quiet card-text">Nothing has passed in these days.</p>
        ) : (
          <Days days={days} />
        )}
        <ul class="caveats">
          {caveats(report).map((caveat) => (
            <li key={caveat}>{caveat}</li>
          ))}
        </ul>
      </section>
      <Rows title="Day" rows={days.map((row) => ({ ...row, name: nameOf(row.day) }))} />
      <Rows
        title="Conversation"
        note={`since ${nameOf(report.conversationsSince)}`}
        rows={named.map((row) => ({ ...row, ...nameOfConversation(row.conversationId ?? "") }))}
      />
      <div class="pair">
        <Rows title="Model" rows={models.map((row) => ({ ...row, name: row.model ?? "not known" }))} />
        <Rows
          title="Policy"
          rows={policies
            .filter(({ policy }) => policy !== null)
            .map((row) => ({ ...row, name: keepWarmText(row.policy ?? "") }))}
        />
      </div>
    </div>
  );
}

interface RowsProps {
  readonly title: string;
  readonly note?: string;
  readonly rows: readonly (Amounts & { readonly name: string; readonly link?: string | undefined })[];
}

const SHOWN = 10;

function Rows({ title, note, rows }: RowsProps) {
  const [isWhole, setWhole] = useState(false);
  if (rows.length === 0) return null;
  const shown = isWhole ? rows : rows.slice(0, SHOWN);
  return (
    <div class="card">
      <ScrollX label={`Table by ${title.toLowerCase()}`}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">
                {title} {note !== undefined && <span class="faint">{note}</span>}
              </th>
              {["Spent", "Saved", "Net", "Warms", "Rescues"].map((column) => (
                <th key={column} scope="col" class="numeric">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, link, spentUsd, savedUsd, netUsd, warms, rescued }) => (
              <tr key={name}>
                <th scope="row" class="cut-cell">
                  {link === undefined ? name : <a href={link}>{name}</a>}
                </th>
                <td class="numeric">{money(spentUsd)}</td>
                <td class="numeric">{money(savedUsd)}</td>
                <td class={`numeric ${toneOf(netUsd) ?? ""}`}>{money(netUsd, { sign: true })}</td>
                <td class="numeric">{count(warms)}</td>
                <td class="numeric">{count(rescued)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
      {rows.length > shown.length && (
        <button type="button" class="button button-wide" onClick={() => setWhole(true)}>
          Show all {count(rows.length)}
        </button>
      )}
    </div>
  );
}

/** With its project's folder and the way to it, while it is open. */
function nameOfConversation(id: string): { readonly name: string; readonly link?: string } {
  const view = conversation(id);
  if (view === null) return { name: id };
  const title = titleOf(view);
  return { name: title === id ? id : `${title} · ${id}`, link: conversationLink(id) };
}

function toneOf(usd: number): "gain" | "loss" | undefined {
  if (Math.abs(usd) < 0.00005) return undefined;
  return usd > 0 ? "gain" : "loss";
}
