/** How long something may stay busy, in ms of real time: files, other threads and a busy machine make it wait. */
const PATIENCE_MS = 5_000;

/** Resolves once nothing has been busy for some turns of the event loop; where that takes too long, all the same. */
export async function quiet(busy: () => boolean): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  let calmTurns = 0;
  for (let turn = 0; calmTurns < 10 && performance.now() < untilMs; turn++) {
    // After a while leave the processor to who has work to do.
    await new Promise((resolve) => (turn < 1_000 ? setImmediate(resolve) : setTimeout(resolve, 1)));
    calmTurns = busy() ? 0 : calmTurns + 1;
  }
}
