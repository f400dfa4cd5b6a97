/** What is known of a gateway, from what it has pushed so far. */
import type {
  ConsoleEvent,
  ConversationView,
  GatewayInfo,
  HealthView,
  HistoryEntry,
  TotalsView,
} from "../../hub/index.ts";

export interface Picture {
  readonly gateway: GatewayInfo | null;
  readonly totals: TotalsView | null;
  readonly health: HealthView | null;
  readonly conversations: ReadonlyMap<string, ConversationView>;
  /** Ids that the snapshot under way has not told yet; null while none is. */
  readonly untold: ReadonlySet<string> | null;
  /** What happened since it is watched, the oldest first. */
  readonly lately: readonly Happened[];
}

export interface Happened {
  readonly conversationId: string;
  readonly entry: HistoryEntry;
}

export const NOTHING_SEEN: Picture = {
  gateway: null,
  totals: null,
  health: null,
  conversations: new Map(),
  untold: null,
  lately: [],
};

/** What a person may look back on. */
const MOST_LATELY = 50;

/** The picture once `event` is heard. */
export function seen(picture: Picture, event: ConsoleEvent): Picture {
  switch (event.type) {
    case "snapshot": {
      const { gateway, totals, health } = event.data;
      return { ...picture, gateway, totals, health, untold: new Set(picture.conversations.keys()) };
    }
    case "conversations": {
      const { conversations } = event.data;
      const told = new Set(conversations.map(({ id }) => id));
      return {
        ...picture,
        conversations: new Map([
          ...picture.conversations,
          ...conversations.map((view) => [view.id, view] as const),
        ]),
        untold: picture.untold && new Set([...picture.untold].filter((id) => !told.has(id))),
      };
    }
    case "live":
      return { ...picture, conversations: without(picture, picture.untold ?? new Set()), untold: null };
    case "gone":
      return { ...picture, conversations: without(picture, new Set(event.data.conversationIds)) };
    case "gateway":
      return { ...picture, gateway: event.data };
    case "totals":
      return { ...picture, totals: event.data };
    case "health":
      return { ...picture, health: event.data };
    case "history":
      return { ...picture, lately: [...picture.lately, ...event.data.entries].slice(-MOST_LATELY) };
    case "settings":
      return picture;
  }
}

function without({ conversations }: Picture, ids: ReadonlySet<string>): Map<string, ConversationView> {
  return new Map([...conversations].filter(([id]) => !ids.has(id)));
}
