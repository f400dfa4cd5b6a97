/** Everything that happened, the last first, with what each request used and cost. */
import { useState } from "preact/hooks";
import type { HistoryEntry } from "../../../hub/views/index.ts";
import { now } from "../shell/clock.ts";
import { ScrollX } from "../shell/scroll-x.tsx";
import { count, money } from "../words/money.ts";
import { fullTime, momentAmong } from "../words/time.ts";
import { happened } from "./happened.ts";
import { Mark } from "./marks.tsx";

const SHOWN = 20;

export function History({ entries, truncated }: { entries: readonly HistoryEntry[]; truncated: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const newest = entries.toReversed();
  const shown = isWhole ? newest : newest.slice(0, SHOWN);
  const said = momentAmong(shown.map(({ at }) => at));
  return (
    <>
      <ScrollX label="Table of the history">
        <table class="data history">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What</th>
              <th scope="col" class="numeric">
                Read
              </th>
              <th scope="col" class="numeric">
                Written
              </th>
              <th scope="col" class="numeric">
                New
              </th>
              <th scope="col" class="numeric">
                Price
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((entry) => (
              <Line key={entry.seq} entry={entry} when={said(entry.at, now.peek())} />
            ))}
          </tbody>
        </table>
      </ScrollX>
      {newest.length > shown.length && (
        <button type="button" class="button button-wide" onClick={() => setWhole(true)}>
          Show all {count(newest.length)}
        </button>
      )}
      {truncated && (isWhole || newest.length <= SHOWN) && (
        <p class="faint card-foot">Older entries are not kept.</p>
      )}
    </>
  );
}

function Line({ entry, when }: { readonly entry: HistoryEntry; readonly when: string }) {
  const { name, note, mark, tone } = happened(entry);
  const { usage, costUsd } = entry.kind === "turn" || entry.kind === "warm" ? entry : NO_REQUEST;
  const written = usage?.cacheWriteTokens;
  const read = usage?.cacheReadTokens;
  const fresh =
    usage === null ? undefined : usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens;
  return (
    <tr data-kind={entry.kind}>
      <td class="when">
        <time dateTime={new Date(entry.at).toISOString()} title={fullTime(entry.at)}>
          {when}
        </time>
      </td>
      <td class="what">
        <span class="happened">
          <Mark name={mark} />
          <span>
            {name}
            <span class={tone === null ? "happened-note" : `happened-note ${tone}`}>{note}</span>
          </span>
        </span>
      </td>
      <td class="numeric" data-label="read">
        {read === undefined ? "" : count(read)}
      </td>
      <td class="numeric" data-label="written">
        {written === undefined ? "" : count(written)}
      </td>
      <td class="numeric" data-label="new">
        {fresh === undefined ? "" : count(fresh)}
      </td>
      <td class="numeric price">{costUsd === null ? "" : money(costUsd)}</td>
    </tr>
  );
}

const NO_REQUEST = { usage: null, costUsd: null };
