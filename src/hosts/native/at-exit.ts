/** What is done when the program ends without having disposed of us. One listener for all, however many there are. */

const leaving = new Set<() => void>();
let isListening = false;

/** Returns the way to call it off. Never throws, nor lets anything throw into the program's end. */
export function atExit(leave: () => void): () => void {
  leaving.add(leave);
  if (!isListening) {
    isListening = true;
    process.once("exit", () => {
      for (const one of leaving) {
        try {
          one();
        } catch {
          // The others are to leave too.
        }
      }
    });
  }
  return () => void leaving.delete(leave);
}
