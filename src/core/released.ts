/** Which conversations were let go of lately, so that what still arrives of them does not bring them back. */

export interface Released {
  add(conversationId: string): void;
  has(conversationId: string): boolean;
  /** It is heard of again, in a way that counts. */
  delete(conversationId: string): void;
}

/** How many are remembered, so that a process may live for months: what is late is seconds late, not hours. */
const REMEMBERED = 1_000;

export function createReleased(): Released {
  // Oldest first, as a Set keeps them.
  const ids = new Set<string>();
  return {
    add(conversationId) {
      ids.add(conversationId);
      const [oldest] = ids;
      if (ids.size > REMEMBERED && oldest !== undefined) ids.delete(oldest);
    },
    has: (conversationId) => ids.has(conversationId),
    delete: (conversationId) => void ids.delete(conversationId),
  };
}
