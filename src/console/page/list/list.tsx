/** The conversations, grouped by what they are doing. */
import { untracked } from "@preact/signals";
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { GROUP_TITLES } from "../../../hub/views/index.ts";
import { conversation } from "../link/known.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { count } from "../words/money.ts";
import { countOfAll, items, search } from "./chosen.ts";
import { Columns } from "./columns.tsx";
import { layout, likelyHeight } from "./layout.ts";
import type { Item } from "./order.ts";
import { Row } from "./row.tsx";
import { useRowFocus } from "./row-focus.ts";
import { actOn } from "./steering.ts";
import { useRows } from "./virtual.ts";

export function List() {
  const shown = items.value;
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [covered, setCovered] = useState(0);
  const focus = useRowFocus(body);
  const indexOf = (id: string | undefined) =>
    id === undefined ? -1 : shown.findIndex((item) => item.kind === "row" && item.id === id);

  const rows = useRows({
    top,
    count: shown.length,
    keyOf: useCallback((index) => keyOf(shown[index]), [shown]),
    heightOf: (index) => likelyHeight(shown[index]),
    focused: indexOf(focus.place?.id),
    coveredTop: covered,
  });

  // What was measured at another width holds no more.
  const laidOut = layout.value;
  useLayoutEffect(() => rows.measure(), [laidOut]);

  // Asked only when something above the rows has changed: to ask is to have the whole page laid out.
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(() => {
      const box = body.current?.getBoundingClientRect();
      if (box !== undefined) setTop(Math.round(box.top + scrollY));
      const head = document.querySelector(".list-top")?.getBoundingClientRect();
      if (head !== undefined) setCovered(Math.round(head.height) + BAR);
    });
    for (const above of document.querySelectorAll(".troubles, .figures, .list-top")) watcher.observe(above);
    return () => watcher.disconnect();
  }, [shown.length === 0]);

  const goTo = (index: number) => {
    const item = shown[index];
    if (item?.kind !== "row") return;
    rows.scrollToIndex(index, { align: "auto" });
    focus.goTo(item.id);
  };

  const step = (by: 1 | -1) => {
    const from = indexOf(focus.latest()?.id);
    const start = from < 0 ? (by > 0 ? -1 : shown.length) : from;
    for (let index = start + by; index >= 0 && index < shown.length; index += by) {
      if (shown[index]?.kind === "row") return goTo(index);
    }
  };
  const onCurrent = (action: Parameters<typeof actOn>[1]) => () => {
    const at = focus.latest();
    const view = at === null ? null : untracked(() => conversation(at.id));
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
        onFocusIn={focus.onFocusIn}
        onFocusOut={focus.onFocusOut}
        onKeyDown={focus.onKeyDown}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <Placed
            key={key}
            item={shown[index]}
            index={index}
            y={start - top}
            measure={rows.measureElement}
            isCurrent={key === `row ${focus.place?.id}`}
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

function isLink(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("[data-row]");
}
