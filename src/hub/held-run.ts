/** A run that stays registered at the gateway for as long as its answer is held open. */
import type { IncomingMessage } from "node:http";
import type { ProvenConnection } from "./connection.ts";
import { type RunAnswer, runAnswer } from "./views/index.ts";

export interface HeldRun extends RunAnswer {
  /** Resolves when the gateway has gone, or the run was released. */
  readonly ended: Promise<void>;
  /** Tells the gateway that the command is over. */
  release(): void;
}

/** Reads the first line, and then nothing but heartbeats. @throws when the gateway goes before it has answered */
export function holdRun(answer: IncomingMessage, connection: ProvenConnection): Promise<HeldRun> {
  const ended = new Promise<void>((resolve) => answer.once("close", resolve));
  return new Promise((resolve, reject) => {
    // A gateway that is killed cuts the answer off.
    answer.on("error", () => {});
    // Loaded here, because most clients hold no run.
    const { createInterface } = process.getBuiltinModule("node:readline");
    const lines = createInterface({ input: answer });
    lines.on("error", () => {});
    lines.once("line", (line) => {
      try {
        const { runId, gatewayUrl, baseUrl } = runAnswer.parse(JSON.parse(line));
        resolve({ runId, gatewayUrl, baseUrl, ended, release: () => connection.close() });
      } catch {
        reject(new Error("the gateway's answer is of a version that this keepwarm does not know"));
      }
    });
    void ended.then(() => reject(new Error("the gateway stopped before it had answered")));
  });
}
