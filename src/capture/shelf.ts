/** Where captured bodies wait: compressed once their conversation is idle, and no more of them than there is room for. */
import type { Timers } from "../host.ts";
import type { CapturedConversation } from "./captured-conversation.ts";

export interface ShelfOptions {
  readonly timers: Timers;
  /** Room for bodies, in bytes. */
  readonly maxBytes: number;
  /** The one used longest ago first. */
  readonly conversations: () => readonly CapturedConversation[];
  /** Whether its person wants it kept warm: such ones are let go of last. */
  readonly isWanted: (conversation: CapturedConversation) => boolean;
  readonly letGo: (conversation: CapturedConversation, why: string) => void;
}

export interface Shelf {
  /** The conversation has settled: its body is compressed unless it speaks again soon. */
  shelve(conversation: CapturedConversation): void;
  heldBytes(): number;
  dispose(): void;
}

/** Between the requests of a tool loop nothing is compressed, in ms. */
const QUIET_MS = 2_000;

export function createShelf({ timers, maxBytes, conversations, isWanted, letGo }: ShelfOptions): Shelf {
  const quiet = new Map<CapturedConversation, number>();

  function shelve(conversation: CapturedConversation): void {
    const before = quiet.get(conversation);
    if (before !== undefined) timers.clearTimer(before);
    const pack = () => {
      quiet.delete(conversation);
      if (conversation.turns.size === 0) void conversation.last?.request.pack();
    };
    quiet.set(conversation, timers.setTimer(pack, QUIET_MS));
    const bytes = heldBytes();
    // Even if nothing of it could be compressed, there is an end.
    if (bytes > 2 * maxBytes) makeRoom(2 * maxBytes);
    if (bytes > maxBytes) void squeeze();
  }

  async function squeeze(): Promise<void> {
    await Promise.all(idle().map(({ last }) => last?.request.pack()));
    makeRoom(maxBytes);
  }

  function makeRoom(roomBytes: number): void {
    let surplus = heldBytes() - roomBytes;
    const inTurn = [...idle().filter((one) => !isWanted(one)), ...idle().filter(isWanted)];
    for (const conversation of inTurn) {
      if (surplus <= 0) return;
      surplus -= conversation.last?.request.bytes ?? 0;
      letGo(
        conversation,
        `its last request was let go of: all of them together take more than ${mb(maxBytes)}`,
      );
    }
  }

  function idle(): CapturedConversation[] {
    return conversations().filter(({ last, turns, warming }) => last && turns.size === 0 && !warming);
  }

  function heldBytes(): number {
    let bytes = 0;
    for (const { last, turns } of conversations()) {
      bytes += last?.request.bytes ?? 0;
      for (const { request } of turns) bytes += request?.bytes ?? 0;
    }
    return bytes;
  }

  return {
    shelve,
    heldBytes,
    dispose() {
      for (const timer of quiet.values()) timers.clearTimer(timer);
      quiet.clear();
    },
  };
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
