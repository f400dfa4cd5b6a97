/** What keepwarm needs of any engine, and a mod's has not: it is neither Node nor a browser. */
export function completeEnvironment(): void {
  provide(globalThis, "setImmediate", (act: () => void) => setTimeout(act, 0));
  provide(AbortSignal, "timeout", (ms: number) => {
    const timeout = new AbortController();
    setTimeout(() => timeout.abort(new Error("it took too long")), ms);
    return timeout.signal;
  });
}

function provide(where: object, name: string, what: unknown): void {
  if (!Reflect.has(where, name)) Reflect.set(where, name, what);
}
