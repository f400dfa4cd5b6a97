/** What the gateway's database says of the fleet: asked again and again, while somebody looks. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type * as z from "zod/mini";
import { ask } from "../link/ask.ts";
import { heldToken } from "../link/connection.ts";

/** What changes in a database is not pushed. */
const EVERY_MS = 2_000;

export interface Reading<T> {
  readonly told: Signal<T | null>;
  /** Why it is not known, or not known any more, as a sentence. */
  readonly problem: Signal<string | null>;
}

/** @param turn changes when it is to be asked at once */
export function useReading<T>(path: string, schema: z.ZodMiniType<T>, turn = 0): Reading<T> {
  const told = useSignal<T | null>(null);
  const problem = useSignal<string | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function read(): Promise<void> {
      clearTimeout(timer);
      if (document.hidden) return;
      try {
        const answer = await ask(heldToken(), { path, signal }, schema);
        if (signal.aborted) return;
        told.value = answer;
        problem.value = null;
      } catch (error) {
        if (signal.aborted) return;
        problem.value = error instanceof Error ? error.message : String(error);
      }
      timer = setTimeout(read, EVERY_MS);
    }

    document.addEventListener("visibilitychange", read);
    void read();
    return () => {
      document.removeEventListener("visibilitychange", read);
      clearTimeout(timer);
      controller.abort();
    };
  }, [path, turn]);

  return { told, problem };
}
