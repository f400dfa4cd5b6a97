/** How a conversation, or its prefix, comes to an end beside its turns: closed, let go of, void. */
import type { ConversationChange, HostEvents } from "../host.ts";
import { type CapturedConversation, letGo as forgetBodies } from "./captured-conversation.ts";
import type { Conversations } from "./conversations.ts";
import type { Keeper } from "./keeper-contract.ts";
import { isUnnamed } from "./unnamed.ts";

export interface Endings extends Pick<Keeper, "changed" | "close" | "detach" | "detachTag" | "unreadable"> {
  /** Its setting is kept, unless nobody can ever ask for it again: an unnamed conversation's id is our own. */
  letGo(conversation: CapturedConversation): void;
}

export interface EndingsContext {
  readonly conversations: Conversations;
  /** What was sent before this is under way by then, though it may not have been read yet. */
  readonly catchUp: () => void;
  readonly tell: <E extends keyof HostEvents>(name: E, event: Parameters<HostEvents[E]>[0]) => void;
  readonly forgetSettings: (conversationId: string) => void;
}

export function createEndings({ conversations, catchUp, tell, forgetSettings }: EndingsContext): Endings {
  function letGo({ id: conversationId, named }: CapturedConversation): void {
    conversations.forget(conversationId);
    tell("conversationDetached", { conversationId });
    if (!named) forgetSettings(conversationId);
  }

  return {
    letGo,
    unreadable(conversationId) {
      tell("conversationChanged", { conversationId, invalidated: "a request could not be read" });
    },
    changed(conversationId, change: ConversationChange) {
      catchUp();
      const conversation = conversations.get(conversationId);
      if (conversation && change.invalidated !== undefined) {
        // What is under way as well: once it is answered, nobody goes on from it.
        forgetBodies(conversation);
        conversation.invalidated = change.invalidated;
      }
      tell("conversationChanged", { conversationId, ...change });
    },
    close(conversationId) {
      catchUp();
      const conversation = conversations.get(conversationId);
      if (conversation && !conversation.named) {
        letGo(conversation);
      } else if (conversation || !isUnnamed(conversationId)) {
        conversations.forget(conversationId);
        tell("conversationClosed", { conversationId });
      }
    },
    detach(conversationId) {
      catchUp();
      const conversation = conversations.get(conversationId);
      if (conversation) letGo(conversation);
    },
    detachTag(tag) {
      catchUp();
      for (const conversation of conversations.all()) {
        if (conversation.tag === tag) letGo(conversation);
        // Taken up by another since, whose first request is under way: what is kept is the old one's.
        else if (conversation.last?.tag === tag) conversation.last = null;
      }
    },
  };
}
