/** The one keepwarm of a process. */
import { beginInside, type CreateHost, type Inside } from "./inside.ts";

export interface Presence {
  /** Begins with the first that happens, so that who only looks at a plugin starts nothing. Null: it is over. */
  begin(): Inside | null;
  /** @param by whoever starts or stops: one that has been replaced stops nothing any more */
  start(by: object): void;
  stop(by: object): void;
}

export function createPresence(createHost?: CreateHost): Presence {
  let inside: Inside | null = null;
  let owner: object | null = null;
  let isOver = false;

  function begin(): Inside | null {
    if (!isOver) inside ??= beginInside(createHost);
    return inside;
  }

  return {
    begin,
    start(by) {
      owner = by;
      isOver = false;
      begin();
    },
    stop(by) {
      if (owner !== null && owner !== by) return;
      isOver = true;
      const left = inside;
      inside = null;
      left?.end();
    },
  };
}

declare global {
  var keepwarmInOpenClaw: Presence | undefined;
}

/**
 * OpenClaw loads copies of a plugin, and takes the command and the service of one and the hooks of another, so that
 * they can only meet here.
 */
export function sharedPresence(): Presence {
  globalThis.keepwarmInOpenClaw ??= createPresence();
  return globalThis.keepwarmInOpenClaw;
}
