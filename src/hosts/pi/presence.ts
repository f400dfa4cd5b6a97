/** Whether the person is at the keyboard: that something is typed, never what. */
import type { PiUi } from "./pi-api.ts";

/** Nothing typed for as long, in ms, and the person may have left. */
const GONE_AFTER_MS = 60_000;

/** Returns the way to end it. */
export function watchPresence(ui: PiUi, tell: (present: boolean) => void): () => void {
  let isPresent = false;
  let leaving: ReturnType<typeof setTimeout> | undefined;

  function typed(): undefined {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      isPresent = false;
      tell(false);
    }, GONE_AFTER_MS);
    leaving.unref?.();
    if (!isPresent) {
      isPresent = true;
      tell(true);
    }
  }

  const end = ui.onTerminalInput?.(() => {
    try {
      return typed();
    } catch {
      // What is typed is pi's, whatever becomes of us.
      return undefined;
    }
  });
  return () => {
    clearTimeout(leaving);
    end?.();
  };
}
