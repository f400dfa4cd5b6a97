/** Whether the upstream answers, without showing it anything. */
import * as http from "node:http";
import * as https from "node:https";
import { type Finding, good, note, wrong } from "./finding.ts";

const PATIENCE_MS = 5_000;
/** A clock that is further off makes logins fail, in ms. Warms only count elapsed time. */
const CLOCK_OFF_MS = 60_000;

export async function upstreamFindings(upstream: string): Promise<Finding[]> {
  const sentAt = Date.now();
  try {
    const answer = await head(new URL(upstream));
    const theirs = Date.parse(answer.headers.date ?? "");
    return [
      good("upstream", `${upstream} answers`),
      ...(Number.isNaN(theirs) ? [] : [clockFinding(theirs - (sentAt + Date.now()) / 2)]),
    ];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return [
      wrong(
        "upstream",
        `${upstream} cannot be reached: ${code ?? message}`,
        "check the network, HTTPS_PROXY, and keepwarm config get upstream",
      ),
    ];
  }
}

function clockFinding(offMs: number): Finding {
  const seconds = Math.round(Math.abs(offMs) / 1_000);
  return Math.abs(offMs) > CLOCK_OFF_MS
    ? note(
        "clock",
        `${seconds} s ${offMs > 0 ? "behind" : "ahead of"} the upstream's`,
        "set it, or have it set",
      )
    : good("clock", `agrees with the upstream's`);
}

/** By the way the gateway goes, proxies included. Any answer will do. */
function head(url: URL): Promise<http.IncomingMessage> {
  const transport = url.protocol === "https:" ? https : http;
  const agent = new transport.Agent({ proxyEnv: process.env });
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    const asking = transport.request(url, { method: "HEAD", agent, timeout: PATIENCE_MS }, (answer) => {
      answer.resume();
      resolve(answer);
    });
    asking.once("timeout", () => asking.destroy(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)));
    asking.once("error", reject);
    asking.end();
  }).finally(() => agent.destroy());
}
