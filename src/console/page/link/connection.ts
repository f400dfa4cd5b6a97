/** The connection to the gateway: made once, kept, and made again by itself for as long as the page is open. */
import { signal } from "@preact/signals";
import { announce } from "../shell/announcer.tsx";
import { AskError } from "./ask.ts";
import { take } from "./known.ts";
import { listen } from "./listen.ts";
import { prove } from "./proof.ts";
import { answerOtherTabs, askOtherTabs, takeToken } from "./token.ts";

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  /** It was there, or should be: tried again at `retryAt` (epoch ms of this page's clock). */
  | { readonly state: "lost"; readonly retryAt: number }
  /** Whoever answers does not know the token, or nobody gave this page one. */
  | { readonly state: "refused"; readonly hadToken: boolean }
  /** It speaks another version's language. */
  | { readonly state: "unreadable"; readonly why: string };

export const connection = signal<Connection>({ state: "connecting" });

let token: string | null = null;

/** @throws {AskError} before there is a connection */
export function heldToken(): string {
  if (token === null) throw new AskError(401, "This page has no token.");
  return token;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** Whoever answers in the gateway's place may be gone again after that. */
const REFUSED_WAIT_MS = 15_000;

let wake = () => {};

/** Does not wait any longer. */
export function reconnect(): void {
  wake();
}

export async function connect(): Promise<void> {
  answerOtherTabs(() => (connection.value.state === "live" ? token : null));
  addEventListener("online", reconnect);
  addEventListener("focus", reconnect);
  // A link with another token that is pasted over this page.
  addEventListener("hashchange", () => {
    if (location.hash.includes("token=")) {
      token = takeToken();
      location.reload();
    }
  });
  token = takeToken() ?? (await askOtherTabs());
  if (token === null) {
    connection.value = { state: "refused", hadToken: false };
    return;
  }
  let lastEventId: string | null = null;
  let failures = 0;
  for (;;) {
    const attempt = new AbortController();
    try {
      const proof = await prove(token, attempt.signal);
      if (proof === "impostor") throw new AskError(401, "It does not know this token.");
      if (proof === "unreachable") throw new AskError(0, "The gateway does not answer.");
      await listen({
        token,
        lastEventId,
        signal: attempt.signal,
        onOpen() {
          if (connection.value.state === "lost") announce("Connected again.");
          connection.value = { state: "live" };
          failures = 0;
        },
        onEvents(events) {
          take(events);
          for (const { type, id } of events) {
            // One that breaks off in the middle of a snapshot begins anew.
            lastEventId = type === "snapshot" ? null : (id ?? lastEventId);
          }
        },
      });
      // It ended in order: the gateway stops, or starts anew.
      await wait(0);
    } catch (error) {
      const refused = error instanceof AskError && error.status === 401;
      if (error instanceof AskError && error.status >= 200 && error.status < 300) {
        connection.value = { state: "unreadable", why: error.message };
        return;
      }
      await wait(failures, refused);
    } finally {
      attempt.abort();
    }
    failures++;
  }
}

/** Longer with each failure, and not all pages at once. */
async function wait(failures: number, refused = false): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const backoffMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  const waitMs = refused ? REFUSED_WAIT_MS : backoffMs * (0.75 + Math.random() / 2);
  if (connection.value.state === "live")
    announce("The connection to the gateway is lost. It is tried again.");
  connection.value = refused
    ? { state: "refused", hadToken: true }
    : { state: "lost", retryAt: Date.now() + waitMs };
  const timer = setTimeout(resolve, waitMs);
  wake = resolve;
  await promise;
  clearTimeout(timer);
  wake = () => {};
}
