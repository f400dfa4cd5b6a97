/** Only the rows that can be seen are in the page, however many there are. */
import {
  observeWindowOffset,
  observeWindowRect,
  type VirtualItem,
  Virtualizer,
  windowScroll,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useState } from "preact/hooks";

export interface VirtualList {
  /** From the top of the document, in px. */
  readonly top: number;
  readonly count: number;
  readonly keyOf: (index: number) => string;
  readonly heightOf: (index: number) => number;
  /** Kept in the page wherever it is, because the focus is in it; -1: none. */
  readonly focused: number;
  /** Covered by what sticks to the top, in px. */
  readonly coveredTop: number;
}

export type Rows = Virtualizer<Window, HTMLElement>;

export function useRows({ top, count, keyOf, heightOf, focused, coveredTop }: VirtualList): Rows {
  const [, redraw] = useState(0);
  const options = {
    count,
    getScrollElement: () => window,
    getItemKey: keyOf,
    estimateSize: heightOf,
    overscan: 8,
    scrollMargin: top,
    scrollPaddingStart: coveredTop,
    scrollPaddingEnd: 16,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    rangeExtractor: ({ startIndex, endIndex, overscan }: Range) => {
      const from = Math.max(0, startIndex - overscan);
      const to = Math.min(count - 1, endIndex + overscan);
      const seen = Array.from({ length: Math.max(0, to - from + 1) }, (_, offset) => from + offset);
      if (focused < 0 || focused >= count || (focused >= from && focused <= to)) return seen;
      return focused < from ? [focused, ...seen] : [...seen, focused];
    },
    measureElement: heightOfElement,
    onChange: () => redraw((turn) => turn + 1),
  };
  const [rows] = useState(() => new Virtualizer<Window, HTMLElement>(options));
  rows.setOptions({ ...rows.options, ...options });
  useLayoutEffect(() => rows._didMount(), []);
  useLayoutEffect(() => rows._willUpdate());
  return rows;
}

/** When the browser has laid it out, and not before: to ask sooner makes it do so for each row that comes. */
function heightOfElement(element: HTMLElement, entry: ResizeObserverEntry | undefined, rows: Rows): number {
  const [box] = entry?.borderBoxSize ?? [];
  if (box !== undefined) return Math.round(box.blockSize);
  const index = rows.indexFromElement(element);
  return rows.itemSizeCache.get(rows.options.getItemKey(index)) ?? rows.options.estimateSize(index);
}

interface Range {
  readonly startIndex: number;
  readonly endIndex: number;
  readonly overscan: number;
}

export type { VirtualItem };
