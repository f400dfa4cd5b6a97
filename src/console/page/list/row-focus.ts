/** The focus stays with its conversation when the row moves to another group, and leaves with its person. */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { focusWithin, type Place, placeOf } from "./steering.ts";

export interface RowFocus {
  /** Where it is, or was last. */
  readonly place: Place | null;
  /** The same at once, for keys that come faster than rows are drawn. */
  latest(): Place | null;
  /** Goes to a conversation's name, as soon as its row is there. */
  goTo(id: string): void;
  readonly onFocusIn: (event: FocusEvent) => void;
  readonly onFocusOut: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** @param list what holds the rows; whoever calls this draws them */
export function useRowFocus(list: RefObject<HTMLElement | null>): RowFocus {
  const [place, drawPlace] = useState<Place | null>(null);
  const latest = useRef<Place | null>(null);
  const wanted = useRef<Place | null>(null);
  const isAway = useRef(true);
  /** Rows are being moved in the page, and what has the focus may lose it by that. */
  const isMoving = useRef(true);
  isMoving.current = true;

  const setPlace = (next: Place | null) => {
    latest.current = next;
    drawPlace(next);
  };

  useLayoutEffect(() => {
    isMoving.current = false;
    if (wanted.current !== null) {
      if (focusWithin(list.current, wanted.current)) wanted.current = null;
    } else if (place !== null && !isAway.current && document.activeElement === document.body) {
      focusWithin(list.current, place);
    }
  });

  return {
    place,
    latest: () => latest.current,
    goTo(id) {
      wanted.current = { id, control: "link" };
      setPlace(wanted.current);
    },
    onFocusIn({ target }) {
      isAway.current = false;
      setPlace(placeOf(target));
    },
    onFocusOut() {
      isAway.current ||= !isMoving.current;
    },
    onKeyDown({ key, target }) {
      const from = placeOf(target);
      // What is typed has been taken or taken back: j and k lead on from its row.
      if (from?.control !== "interval" || (key !== "Enter" && key !== "Escape")) return;
      focusWithin(list.current, { id: from.id, control: "link" });
    },
  };
}
