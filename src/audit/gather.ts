/** Puts calls from many files together into conversations, each call once. */
import type { Agent, Call, Conversation } from "./conversation.ts";
import type { Transcript } from "./transcript.ts";

interface Growing {
  readonly agent: Agent;
  readonly session: string;
  readonly calls: Call[];
  readonly sideCalls: Call[];
}

interface Known {
  readonly conversation: Growing;
  readonly call: Call;
}

export class Gathering {
  readonly #calls = new Map<string, Known>();
  /** By agent and session; a session that goes on where another one stopped is the same conversation. */
  readonly #conversations = new Map<string, Growing>();
  readonly #projects = new Map<string, string>();
  /** Each name once: what is read from a file is a text of its own for each call. */
  readonly #models = new Map<string, string>();
  #repeated = 0;

  /** Calls that were told of more than once: forks and resumed sessions repeat what went before. */
  get repeated(): number {
    return this.#repeated;
  }

  add(agent: Agent, { sightings, projects }: Transcript): void {
    for (const [session, project] of projects) {
      const name = nameOf(agent, session);
      if (!this.#projects.has(name)) this.#projects.set(name, project);
    }
    /** The last call that a session shares with a conversation of another. */
    const shared = new Map<string, Known>();
    for (const { key, session, call } of sightings) {
      const known = this.#calls.get(key);
      if (known !== undefined) {
        this.#repeated += 1;
        if (known.conversation.session !== session && call.thread === "") shared.set(session, known);
        continue;
      }
      const conversation = this.#of(agent, session, shared.get(session));
      const kept = { ...call, model: this.#named(call.model) };
      (call.thread === "" ? conversation.calls : conversation.sideCalls).push(kept);
      this.#calls.set(key, { conversation, call: kept });
    }
  }

  conversations(): Conversation[] {
    return [...new Set(this.#conversations.values())].map(({ agent, session, calls, sideCalls }) => ({
      agent,
      session,
      project: this.#projects.get(nameOf(agent, session)) ?? "",
      calls: calls.toSorted(byStart),
      sideCalls: sideCalls.toSorted(byStart),
    }));
  }

  #named(model: string): string {
    const known = this.#models.get(model);
    if (known === undefined) this.#models.set(model, model);
    return known ?? model;
  }

  #of(agent: Agent, session: string, shared: Known | undefined): Growing {
    const name = nameOf(agent, session);
    const known = this.#conversations.get(name);
    if (known !== undefined) return known;
    const goesOn = shared !== undefined && isLast(shared);
    const conversation = goesOn ? shared.conversation : { agent, session, calls: [], sideCalls: [] };
    this.#conversations.set(name, conversation);
    return conversation;
  }
}

/** Whether nothing followed the call: otherwise what follows here is another branch. */
function isLast({ conversation, call }: Known): boolean {
  return conversation.calls.every(({ startedAt }) => startedAt <= call.startedAt);
}

function nameOf(agent: Agent, session: string): string {
  return `${agent}:${session}`;
}

function byStart(a: Call, b: Call): number {
  return a.startedAt - b.startedAt;
}
