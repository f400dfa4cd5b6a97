/** What this page knows of the gateway: told by its events, changed by nothing else. */
import { batch, type Signal, signal } from "@preact/signals";
import type {
  ConsoleEvent,
  ConversationView,
  GatewayInfo,
  HealthView,
  HistoryEntry,
  SettingsAnswer,
  TotalsView,
} from "../../../hub/views/index.ts";

/** Null once it is gone. */
const views = new Map<string, Signal<ConversationView | null>>();
/** Told since the snapshot began; null where none is being told. */
let told: Set<string> | null = null;
const changes = signal(0);

export const gateway = signal<GatewayInfo | null>(null);
export const totals = signal<TotalsView | null>(null);
export const settings = signal<SettingsAnswer | null>(null);
export const health = signal<HealthView | null>(null);
/** How far the gateway's clock is ahead of this page's, in ms. */
export const clockOffsetMs = signal(0);
/** Everything that was to be told has been told once. */
export const isComplete = signal(false);
/** Rises with every snapshot: what was read of the gateway before may have been overtaken. */
export const snapshots = signal(0);

/** Whoever reads it hears of it alone; of one that is not known, when it comes. */
export function conversation(id: string): ConversationView | null {
  const known = views.get(id);
  if (known !== undefined) return known.value;
  // Reading it is what subscribes.
  void changes.value;
  return null;
}

/** All of them, in no order; changes with any. */
export function conversations(): readonly ConversationView[] {
  // Reading it is what subscribes.
  void changes.value;
  return [...views.values()].flatMap((view) => view.peek() ?? []);
}

/** Of the conversation that is being looked at. */
type HistoryListener = (entries: readonly HistoryEntry[]) => void;
const historyListeners = new Map<string, Set<HistoryListener>>();

/** Returns the way to end it. */
export function onHistory(id: string, listener: HistoryListener): () => void {
  const listeners = historyListeners.get(id) ?? new Set();
  historyListeners.set(id, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) historyListeners.delete(id);
  };
}

/** Resolves the last id by which the stream can go on, where there is one among them. */
export function take(events: readonly ConsoleEvent[]): void {
  batch(() => events.forEach(takeOne));
}

function takeOne(event: ConsoleEvent): void {
  switch (event.type) {
    case "snapshot": {
      const { data } = event;
      told = new Set();
      snapshots.value++;
      setClock(data.now);
      gateway.value = data.gateway;
      totals.value = data.totals;
      settings.value = data.settings;
      health.value = data.health;
      return;
    }
    case "conversations":
      event.data.conversations.forEach(takeConversation);
      return;
    case "live":
      setClock(event.data.now);
      if (told !== null) forget([...views.keys()].filter((id) => told?.has(id) === false));
      told = null;
      isComplete.value = true;
      return;
    case "gone":
      forget(event.data.conversationIds);
      return;
    case "gateway":
      gateway.value = event.data;
      return;
    case "totals":
      totals.value = event.data;
      return;
    case "settings":
      settings.value = event.data;
      return;
    case "health":
      health.value = event.data;
      return;
    case "history":
      for (const { conversationId, entry } of event.data.entries) {
        for (const listener of historyListeners.get(conversationId) ?? []) listener([entry]);
      }
  }
}

/** Also of an answer to something that was done, which tells it sooner. */
export function takeConversation(view: ConversationView): void {
  told?.add(view.id);
  const known = views.get(view.id);
  if (known === undefined) views.set(view.id, signal<ConversationView | null>(view));
  else known.value = view;
  changes.value++;
}

export function forget(ids: readonly string[]): void {
  for (const id of ids) {
    const known = views.get(id);
    if (known === undefined) continue;
    views.delete(id);
    known.value = null;
  }
  if (ids.length > 0) changes.value++;
}

function setClock(gatewayNow: number): void {
  clockOffsetMs.value = gatewayNow - Date.now();
}
