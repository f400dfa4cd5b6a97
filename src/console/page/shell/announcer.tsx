/** What a screen reader is told: what came of the person's own doing, and whether there is a connection. */
import { signal } from "@preact/signals";

const said = signal({ text: "", turn: 0 });

/** Said once, politely, after whatever is being said. */
export function announce(text: string): void {
  said.value = { text, turn: said.peek().turn + 1 };
}

export function Announcer() {
  const { text, turn } = said.value;
  // The same sentence twice is no change, and would not be said again.
  return (
    <div class="unseen" role="status" aria-live="polite">
      <span key={turn}>{text}</span>
    </div>
  );
}
