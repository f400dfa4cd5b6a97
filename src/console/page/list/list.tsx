/** The conversations, grouped by what they are doing. */
import { untracked } from "@preact/signals";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { conversation } from "../link/known.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { count } from "../words/money.ts";
import { countOfAll, items, order, search } from "./chosen.ts";
import { GROUP_TITLES } from "./groups.ts";
import { type Item, ORDER_TITLES, type Order } from "./order.ts";
import { Row } from "./row.tsx";
import { actOn, focusWithin, type Place, placeOf } from "./steering.ts";
import { useRows } from "./virtual.ts";

/** Heights before they have been measured, in px. */
const ROW = 57;
const CARD = 195;
const PAIR = 93;
const GROUP = 44;

export function List() {
  const shown = items.value;
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [covered, setCovered] = useState(0);
  /** Where the focus is, so that it stays there when its row moves. */
  const [place, setPlace] = useState<Place | null>(null);
  const indexOf = (id: string | undefined) =>
    id === undefined ? -1 : shown.findIndex((item) => item.kind === "row" && item.id === id);

  const rows = useRows({
    top,
    count: shown.length,
    keyOf: useCallback((index) => keyOf(shown[index]), [shown]),
    heightOf: (index) => (shown[index]?.kind === "group" ? GROUP : heightOfRow()),
    focused: indexOf(place?.id),
    coveredTop: covered,
  });

  useLayoutEffect(() => {
    const box = body.current?.getBoundingClientRect();
    if (box !== undefined) setTop(Math.round(box.top + scrollY));
    const head = document.querySelector(".list-top")?.getBoundingClientRect();
    if (head !== undefined) setCovered(Math.round(head.height) + BAR);
  });

  // A row that moves to another group is moved in the page, and loses the focus by it.
  useLayoutEffect(() => {
    if (place !== null && document.activeElement === document.body) focusWithin(body.current, place);
  });

  const goTo = (index: number) => {
    const item = shown[index];
    if (item?.kind !== "row") return;
    rows.scrollToIndex(index, { align: "auto" });
    setPlace({ id: item.id, control: "link" });
    wanted.current = { id: item.id, control: "link" };
  };
  const wanted = useRef<Place | null>(null);
  useEffect(() => {
    if (wanted.current !== null && focusWithin(body.current, wanted.current)) wanted.current = null;
  });

  const step = (by: 1 | -1) => {
    const from = indexOf(place?.id);
    const start = from < 0 ? (by > 0 ? -1 : shown.length) : from;
    for (let index = start + by; index >= 0 && index < shown.length; index += by) {
      if (shown[index]?.kind === "row") return goTo(index);
    }
  };
  const onCurrent = (action: Parameters<typeof actOn>[1]) => () => {
    const view = place === null ? null : untracked(() => conversation(place.id));
    return view === null ? false : actOn(view, action, body.current);
  };
  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: ({ target }) => (isLink(target) ? step(1) : false),
    ArrowUp: ({ target }) => (isLink(target) ? step(-1) : false),
    e: onCurrent("toggle"),
    " ": onCurrent("toggle"),
    w: onCurrent("warm"),
    i: onCurrent("interval"),
    m: onCurrent("keep"),
  });

  if (shown.length === 0) return <NothingFound />;
  return (
    <div role="table" class="table" aria-label="Conversations" aria-rowcount={shown.length + 1}>
      <div role="rowgroup" class="columns-group">
        <Columns />
      </div>
      <div
        role="rowgroup"
        class="rows"
        ref={body}
        style={{ height: `${rows.getTotalSize()}px` }}
        onFocusIn={({ target }) => setPlace(placeOf(target))}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <Placed
            key={key}
            item={shown[index]}
            index={index}
            y={start - top}
            measure={rows.measureElement}
            isCurrent={place !== null && key === `row ${place.id}`}
          />
        ))}
      </div>
    </div>
  );
}

/** Height of the bar at the page's top, in px. */
const BAR = 52;

interface PlacedProps {
  readonly item: Item | undefined;
  readonly index: number;
  readonly y: number;
  readonly measure: (element: HTMLElement | null) => void;
  readonly isCurrent: boolean;
}

function Placed({ item, index, y, measure, isCurrent }: PlacedProps) {
  if (item === undefined) return null;
  const place = {
    role: "row" as const,
    ref: measure,
    "data-index": index,
    "aria-rowindex": index + 2,
    style: { transform: `translateY(${y}px)` },
  };
  if (item.kind === "group") {
    return (
      <div {...place} class="group" data-group={item.group}>
        <div role="cell" aria-colspan={10} class="group-cell">
          <h2 class="group-title">{GROUP_TITLES[item.group]}</h2>
          <span class="group-count">{count(item.count)}</span>
        </div>
      </div>
    );
  }
  return (
    <div {...place} class="row" data-current={isCurrent}>
      <Row id={item.id} />
    </div>
  );
}

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

function Columns() {
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

function NothingFound() {
  return (
    <div class="nothing">
      <p>
        None of {count(countOfAll.value)} conversations{" "}
        {search.value === "" ? "is in this group" : "is found"}.
      </p>
      {search.value !== "" && (
        <button
          type="button"
          class="button"
          onClick={() => {
            search.value = "";
          }}
        >
          Clear the search
        </button>
      )}
    </div>
  );
}

function keyOf(item: Item | undefined): string {
  if (item === undefined) return "none";
  return item.kind === "group" ? `group ${item.group}` : `row ${item.id}`;
}

/** As the style sheet has it for this width. */
function heightOfRow(): number {
  if (matchMedia("(max-width: 719px)").matches) return CARD;
  return matchMedia("(max-width: 1239px)").matches ? PAIR : ROW;
}

function isLink(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("[data-row]");
}
