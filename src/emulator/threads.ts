import { ApiError, invalid } from "./errors.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

/** Conversations kept; the oldest goes first. */
const KEPT_THREADS = 1_000;

interface Held {
  readonly messages: readonly Json[];
  continued: boolean;
}

/** Server-held conversations (`thread`), as far as a client that never replays them needs. */
export class Threads {
  readonly #held = new Map<string, Held>();

  /**
   * The body with the held messages in front of the new ones.
   * @throws ApiError 404 for an unknown response, 400 for one that has been continued already.
   */
  unfold(body: JsonObject): JsonObject {
    const thread = body.thread;
    if (!isObject(thread) || thread.type === "create") return body;
    const id = thread.previous_message_id;
    if (thread.type !== "continue" || typeof id !== "string") {
      throw invalid("thread.type: Input should be 'create', or 'continue' with previous_message_id");
    }
    const held = this.#held.get(id);
    if (held === undefined) {
      throw new ApiError(404, `thread: no thread state was found for ${id}`, {
        errorCode: "thread_not_found",
      });
    }
    if (held.continued) {
      throw new ApiError(400, `thread: ${id} has already been continued`, {
        errorCode: "thread_already_continued",
      });
    }
    held.continued = true;
    const added = Array.isArray(body.messages) ? body.messages : [];
    return { ...body, messages: [...held.messages, ...added] };
  }

  /** Holds a conversation under the id of its newest response. */
  hold(messageId: string, body: JsonObject, answer: Json): void {
    if (!isObject(body.thread)) return;
    const messages = Array.isArray(body.messages) ? body.messages : [];
    this.#held.set(messageId, {
      messages: [...messages, { role: "assistant", content: answer }],
      continued: false,
    });
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= KEPT_THREADS) break;
      this.#held.delete(oldest);
    }
  }
}
