/** The heads of the list's columns, by some of which it is sorted. */
import { order } from "./chosen.ts";
import { ORDER_TITLES, type Order } from "./order.ts";

const COLUMNS: readonly { readonly title: string; readonly name: string; readonly by?: Order }[] = [
  { title: "On", name: "switch" },
  { title: "Conversation", name: "title", by: "title" },
  { title: "Next warm", name: "doing", by: "due" },
  { title: "Turn", name: "turn" },
  { title: "Warm", name: "warm" },
  { title: "Kept", name: "kept" },
  { title: "Prefix", name: "prefix", by: "prefix" },
  { title: "Net", name: "net", by: "net" },
  { title: "Interval", name: "interval" },
  { title: "Keep warm", name: "keep" },
];

const COLUMN_HINTS: Readonly<Record<string, string>> = {
  turn: "Share of the last turn's prompt that was read from the cache",
  warm: "Share of the last warm's prompt that was read from the cache",
  kept: "Retention: of the last warm's cached tokens, those that were read and not written again",
  net: "Saved less spent, at list price; below it both",
};

export function Columns() {
  return (
    <div role="row" class="columns" aria-rowindex={1}>
      {COLUMNS.map(({ title, name, by }) => (
        <div
          key={name}
          role="columnheader"
          class={`cell cell-${name}`}
          title={COLUMN_HINTS[name]}
          {...(by !== undefined && order.value === by ? { "aria-sort": SORTED[by] } : {})}
        >
          {by === undefined ? (
            title
          ) : (
            <button
              type="button"
              class="column-button"
              onClick={() => {
                order.value = by;
              }}
            >
              {title}
              <span class="unseen">, sort by {ORDER_TITLES[by]}</span>
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

const SORTED: Readonly<Record<Order, "ascending" | "descending">> = {
  due: "ascending",
  title: "ascending",
  turn: "descending",
  prefix: "descending",
  net: "descending",
  return: "descending",
};
