/**
 * The control token: it comes in the link's fragment, which no server sees, and stays in this tab.
 *
 * A tab that was opened from another one (a conversation in a new tab) has none, and asks the others. Only
 * a tab whose gateway has proven itself answers, and only pages of this very origin can ask.
 */

const KEY = "keepwarm-token";
const CHANNEL = "keepwarm-token";
/** How long other tabs get to answer, in ms. */
const ANSWER_WITHIN_MS = 300;

/** Takes the token out of the address bar and its history, and keeps it for this tab. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null && given !== "") {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  }
  return sessionStorage.getItem(KEY);
}

/** Resolves with another tab's token, or null where none has one. */
export function askOtherTabs(): Promise<string | null> {
  const channel = new BroadcastChannel(CHANNEL);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const timer = setTimeout(() => resolve(null), ANSWER_WITHIN_MS);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "object" && data !== null && "token" in data && typeof data.token === "string") {
      sessionStorage.setItem(KEY, data.token);
      resolve(data.token);
    }
  };
  channel.postMessage("token?");
  return promise.finally(() => {
    clearTimeout(timer);
    channel.close();
  });
}

/** @param tokenIfProven null while it is not certain that the gateway is the one the token is for */
export function answerOtherTabs(tokenIfProven: () => string | null): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const token = data === "token?" ? tokenIfProven() : null;
    if (token !== null) channel.postMessage({ token });
  };
}
