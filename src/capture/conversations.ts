/** The conversations that pass by: which one a request belongs to, and the last request of each. */
import { continues, type ThreadPrint } from "../anthropic/index.ts";
import { ASSUMED_TTL_MS, elapsedMs, type Instant, UNNAMED_PREFIX } from "../pure.ts";
import {
  type CapturedConversation,
  hasMain,
  isLapsed,
  letGo,
  lifeLeftMs,
  roleIn,
  ttlOf,
} from "./captured-conversation.ts";
import { type Role, Threads } from "./threads.ts";
import { isAnother, isBeside, takesUp } from "./unnamed.ts";

/** A request to be placed. */
export interface Arrival {
  /** The id that its client gave; null when it gave none. */
  readonly conversationId: string | null;
  readonly tag: string | null;
  /** Its client said that it is not the person's own thread. */
  readonly aside: boolean;
  readonly print: ThreadPrint;
  readonly modelName: string;
  readonly now: Instant;
}

export interface Place {
  readonly conversation: CapturedConversation;
  readonly role: Role;
}

/** A response that nobody has read to its end by then is not being read, in ms. */
const LONGEST_TURN_MS = 3_600_000;

export interface ConversationsOptions {
  /** How many are kept; beyond it the one used longest ago is forgotten. */
  readonly limit: number;
  /**
   * Whether a thread without a name that begins while another is busy is taken for that one's own (a title, a
   * sub-agent) until its person goes on in it. Several agents share a gateway; a program knows its own.
   */
  readonly sideThreadsBegin: boolean;
}

export class Conversations {
  /** In the order of their last use, the oldest first. */
  readonly #conversations = new Map<string, CapturedConversation>();
  readonly #options: ConversationsOptions;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  get(id: string): CapturedConversation | undefined {
    return this.#conversations.get(id);
  }

  holds(conversation: CapturedConversation): boolean {
    return this.#conversations.get(conversation.id) === conversation;
  }

  /** The one used longest ago first. */
  all(): CapturedConversation[] {
    return [...this.#conversations.values()];
  }

  /**
   * The conversation that a request belongs to, begun if there is none, and the part it has there. Null for a
   * side thread whose conversation is not known.
   */
  place(arrival: Arrival): Place | null {
    const { conversationId, print, now } = arrival;
    const known = conversationId === null ? this.#meantBy(arrival) : this.#conversations.get(conversationId);
    if (arrival.aside) return known ? { conversation: known, role: "side" } : null;
    if (known && !hasMain(known)) {
      known.threads = new Threads(print);
      return { conversation: this.#used(known), role: "main" };
    }
    if (known) {
      // Its person goes on in a side thread: without a name it is a conversation of its own.
      if (!known.named && known.threads.isSpokenIn(print)) return this.#begin(arrival);
      return { conversation: this.#used(known), role: roleIn(known, print, now) };
    }
    const busy = this.#busyBeside(arrival);
    return busy ? { conversation: this.#used(busy), role: "side" } : this.#begin(arrival);
  }

  #begin({ conversationId, tag, print, modelName, now }: Arrival): Place {
    const conversation: CapturedConversation = {
      id: conversationId ?? `${UNNAMED_PREFIX}${crypto.randomUUID()}`,
      named: conversationId !== null,
      tag,
      threads: new Threads(print),
      openings: [],
      modelName,
      last: null,
      invalidated: null,
      lastUsedAt: now,
      ttlMs: ASSUMED_TTL_MS,
      tier: null,
      lastTurnAt: now.wallMs,
      turns: new Set(),
      waitUntil: null,
      warming: false,
    };
    return { conversation: this.#used(conversation), role: "main" };
  }

  /** Used last, so it moves to the end. */
  #used(conversation: CapturedConversation): CapturedConversation {
    this.#conversations.delete(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    return conversation;
  }

  /** The conversation whose last request this one repeats, but for what it asks to be answered with. */
  repeatedBy(arrival: Arrival): CapturedConversation | null {
    const { conversationId, print } = arrival;
    const known = conversationId === null ? this.#meantBy(arrival) : this.#conversations.get(conversationId);
    const isLast = known?.last && known.threads.main.chain.length === print.chain.length;
    return isLast && continues(known.threads.main, print) && known.threads.main.realm === print.realm
      ? known
      : null;
  }

  forget(id: string): void {
    const conversation = this.#conversations.get(id);
    if (conversation) letGo(conversation);
    this.#conversations.delete(id);
  }

  clear(): void {
    for (const conversation of this.#conversations.values()) letGo(conversation);
    this.#conversations.clear();
  }

  /** Conversations over the limit, used longest ago; those with a turn under way are left alone. */
  overLimit(): CapturedConversation[] {
    const surplus = this.#conversations.size - this.#options.limit;
    if (surplus <= 0) return [];
    return this.all()
      .filter(({ turns }) => turns.size === 0)
      .slice(0, surplus);
  }

  /**
   * Forgets bodies and credentials whose cache entries have lapsed, because nothing may be sent with them any
   * more. Returns the conversations whose last turn is over because nobody reads its response.
   */
  sweep(now: Instant): CapturedConversation[] {
    return this.all().filter((conversation) => {
      const { turns, warming } = conversation;
      // A warm in the air may come back with a longer life.
      if (!warming && lifeLeftMs(conversation, now) <= 0) conversation.last = null;
      const wasOpen = turns.size > 0;
      for (const turn of turns) {
        const ageMs = elapsedMs(turn.startedAt, now);
        if (ageMs >= ttlOf(turn.facts)) turn.request = null;
        if (ageMs >= LONGEST_TURN_MS) turns.delete(turn);
      }
      return wasOpen && turns.size === 0;
    });
  }

  /** Ms until there is something to sweep; infinite when nothing is held. */
  nextSweepMs(now: Instant): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const conversation of this.#conversations.values()) {
      nextMs = Math.min(nextMs, lifeLeftMs(conversation, now));
      for (const { startedAt, request, facts } of conversation.turns) {
        const lifeMs = request === null ? LONGEST_TURN_MS : Math.min(ttlOf(facts), LONGEST_TURN_MS);
        nextMs = Math.min(nextMs, lifeMs - elapsedMs(startedAt, now));
      }
    }
    return nextMs;
  }

  /**
   * The unnamed conversation that a request continues, or whose last exchange it asks again: an edit, a
   * regenerated answer, another model. What has less in common may be another conversation that began alike,
   * and what is sent with another key or elsewhere is another's.
   */
  #meantBy(arrival: Arrival): CapturedConversation | undefined {
    const { print } = arrival;
    let closest: CapturedConversation | undefined;
    let most = 1;
    for (const conversation of this.#conversations.values()) {
      if (!isBeside(conversation, arrival)) continue;
      const shared = Math.max(conversation.threads.continuedBy(print), takesUp(conversation, print));
      if (shared >= most && !isAnother(conversation, print)) {
        closest = conversation;
        most = shared;
      }
    }
    return closest;
  }

  /** The conversation used last that is at work while a thread without a name begins. */
  #busyBeside(arrival: Arrival): CapturedConversation | undefined {
    if (arrival.conversationId !== null || !this.#options.sideThreadsBegin) return undefined;
    return this.all().findLast(
      (conversation) =>
        isBeside(conversation, arrival) &&
        (conversation.turns.size > 0 ||
          (conversation.threads.awaitsTool && !isLapsed(conversation, arrival.now))),
    );
  }
}
