/** Whether what listens on a port is a keepwarm gateway, whosesoever it is. It is shown nothing. */
import { CHALLENGE_HEADER, PROOF_HEADER } from "./headers.ts";
import { newNonce } from "./proof.ts";

const http = process.getBuiltinModule("node:http");

const PATIENCE_MS = 1_000;
const MOST_BYTES = 4_096;
/** Of a run that nobody has registered: a gateway says so, and asks no upstream. */
const NO_RUN = "/~keepwarm/run/nobody-elsewhere/";

/** @param port of a gateway, or of its control API; on this machine */
export async function isKeepwarm(port: number): Promise<boolean> {
  const answers = await Promise.all([
    answerOf(port, NO_RUN, {}),
    answerOf(port, "/v1/status", { [CHALLENGE_HEADER]: newNonce() }),
  ]);
  return answers.some(
    (answer) => answer !== null && (answer.isProving || answer.body.includes('"keepwarm: ')),
  );
}

interface Answer {
  readonly isProving: boolean;
  readonly body: string;
}

function answerOf(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    const asking = http.request({ host: "127.0.0.1", port, path, headers, agent: false }, (answer) => {
      let body = "";
      const told = () => resolve({ isProving: answer.headers[PROOF_HEADER] !== undefined, body });
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        body += piece;
        if (body.length > MOST_BYTES) answer.destroy();
      });
      answer.once("close", told);
      answer.once("error", told);
    });
    const timer = setTimeout(() => asking.destroy(), PATIENCE_MS);
    asking.once("error", () => resolve(null));
    asking.once("close", () => {
      clearTimeout(timer);
      resolve(null);
    });
    asking.end();
  });
}
