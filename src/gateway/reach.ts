/** Which upstreams could not be reached when they were asked last. */
import type { ServerResponse } from "node:http";
import type { Health } from "./health.ts";

export interface Reach {
  /** An upstream could not be reached, and this response says so. @param reason a code, or a phrase */
  missed(url: string, response: ServerResponse, reason: string): void;
  /** An upstream is asked; what this response says shows whether it can be reached. */
  ask(url: string, response: ServerResponse): void;
}

export function createReach(health: Pick<Health, "trouble" | "fine"> | undefined): Reach {
  const outOfReach = new Set<string>();
  const ours = new WeakSet<ServerResponse>();
  return {
    missed(url, response, reason) {
      outOfReach.add(url);
      ours.add(response);
      const why = `${url} cannot be reached (${reason})`;
      health?.trouble("upstream", `${why}: agents are told so, and nothing there is kept warm.`);
    },
    ask(url, response) {
      // As long as all is well, nothing is done for it.
      if (!outOfReach.has(url)) return;
      response.once("finish", () => {
        if (ours.has(response)) return;
        outOfReach.delete(url);
        if (outOfReach.size === 0) health?.fine("upstream");
      });
    },
  };
}
