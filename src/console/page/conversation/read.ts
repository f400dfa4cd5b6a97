/** What is read of one conversation while it is looked at: its history, and what is to come. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import {
  type HistoryAnswer,
  type HistoryEntry,
  historyAnswer,
  type OutlookView,
  outlookView,
} from "../../../hub/views/index.ts";
import { ask, conversationPath } from "../link/ask.ts";
import { heldToken } from "../link/connection.ts";
import { onHistory } from "../link/known.ts";

/** As many as the gateway keeps. */
const MOST = 200;

export interface Reading<T> {
  readonly value: T | null;
  /** Why there is none, as a sentence. */
  readonly error: string | null;
}

const NOTHING_YET = { value: null, error: null };

/** @param turn anew when it changes */
export function useHistory(id: string, turn: unknown): ReadonlySignal<Reading<HistoryAnswer>> {
  const [reading] = useState(() => signal<Reading<HistoryAnswer>>(NOTHING_YET));
  useEffect(() => {
    const controller = new AbortController();
    /** Those that came while the others were being read. */
    let early: HistoryEntry[] = [];
    const stop = onHistory(id, (entries) => {
      const { value } = reading.peek();
      if (value === null || value.conversationId !== id) early.push(...entries);
      else reading.value = { value: withEntries(value, entries), error: null };
    });
    ask(
      heldToken(),
      { path: conversationPath(id, "history"), signal: controller.signal },
      historyAnswer,
    ).then(
      (value) => {
        reading.value = { value: withEntries(value, early), error: null };
        early = [];
      },
      (error: unknown) => {
        if (!controller.signal.aborted) reading.value = { value: null, error: sentence(error) };
      },
    );
    return () => {
      controller.abort();
      stop();
      reading.value = NOTHING_YET;
    };
  }, [id, turn]);
  return reading;
}

function withEntries(answer: HistoryAnswer, entries: readonly HistoryEntry[]): HistoryAnswer {
  const last = answer.entries.at(-1)?.seq ?? -1;
  const fresh = entries.filter(({ seq }) => seq > last);
  if (fresh.length === 0) return answer;
  const all = [...answer.entries, ...fresh];
  return { ...answer, entries: all.slice(-MOST), truncated: answer.truncated || all.length > MOST };
}

/** @param turn anew when it changes */
export function useOutlook(id: string, turn: string): ReadonlySignal<Reading<OutlookView>> {
  const [reading] = useState(() => signal<Reading<OutlookView>>(NOTHING_YET));
  useEffect(() => {
    const controller = new AbortController();
    ask(heldToken(), { path: conversationPath(id, "outlook"), signal: controller.signal }, outlookView).then(
      (value) => {
        reading.value = { value, error: null };
      },
      (error: unknown) => {
        if (!controller.signal.aborted) reading.value = { value: null, error: sentence(error) };
      },
    );
    return () => controller.abort();
  }, [id, turn]);
  return reading;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
