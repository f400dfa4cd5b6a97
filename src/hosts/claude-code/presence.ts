/** Whether the person is at the prompt: that something is typed, never what. */

/** Nothing typed for as long, in ms, and the person may have left. */
const GONE_AFTER_MS = 60_000;

export interface Presence {
  typed(): void;
  end(): void;
}

export function createPresence(tell: (present: boolean) => void): Presence {
  let leaving: ReturnType<typeof setTimeout> | undefined;
  return {
    typed() {
      const wasPresent = leaving !== undefined;
      clearTimeout(leaving);
      leaving = setTimeout(() => {
        leaving = undefined;
        tell(false);
      }, GONE_AFTER_MS);
      if (!wasPresent) tell(true);
    },
    end: () => clearTimeout(leaving),
  };
}
