/** What is shown instead of, or above, a view: while it loads, when it may not, when something is wrong. */
import { useComputed } from "@preact/signals";
import { connection, reconnect } from "../link/connection.ts";
import { health, isComplete } from "../link/known.ts";
import { ago, countdown } from "../words/time.ts";
import { now } from "./clock.ts";
import { Icon } from "./icon.tsx";

export function Loading() {
  const { state } = connection.value;
  return (
    <div class="page">
      <h1 class="unseen" tabIndex={-1}>
        Conversations
      </h1>
      {state === "lost" ? (
        <div class="nothing">
          <h2>The gateway is not there</h2>
          <p class="quiet">
            Start it with <code>keepwarm start</code>, or <code>keepwarm run -- claude</code>. This page
            connects by itself.
          </p>
        </div>
      ) : (
        <div class="skeleton" role="status" aria-label="Loading">
          {Array.from({ length: 6 }, (_, index) => (
            <span key={index} class="skeleton-row" />
          ))}
        </div>
      )}
    </div>
  );
}

export function Refused() {
  const { value } = connection;
  const hadToken = value.state === "refused" && value.hadToken;
  return (
    <div class="page">
      <div class="nothing">
        <h1 tabIndex={-1}>{hadToken ? "This link is for another gateway" : "This page needs its link"}</h1>
        <p class="quiet">
          {hadToken
            ? "Whatever answers at this address does not know this page's token. It was shown nothing."
            : "The console is for you alone: its link carries a token, which this page does not have."}
        </p>
        <p>
          Get the link in a terminal: <code>keepwarm console</code>
        </p>
        {hadToken && (
          <button type="button" class="button" onClick={reconnect}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

export function Unreadable() {
  const { value } = connection;
  return (
    <div class="page">
      <div class="nothing" role="alert">
        <h1 tabIndex={-1}>This page is out of date</h1>
        <p class="quiet">{value.state === "unreadable" ? value.why : ""}</p>
        <button type="button" class="button button-main" onClick={() => location.reload()}>
          Load it anew
        </button>
      </div>
    </div>
  );
}

export function Troubles() {
  const problems = health.value?.problems ?? [];
  return (
    <aside class="troubles" aria-label="What is wrong">
      <Lost />
      {problems.map(({ about, since, sentence }) => (
        <p key={about} class="trouble" role="status">
          <Icon name="warning" />
          <span>
            {sentence} <span class="faint">since {ago(since, now.value).replace(/ ago$/, "")}</span>
          </span>
        </p>
      ))}
    </aside>
  );
}

/** What is shown below it is what was known last. */
function Lost() {
  const { value } = connection;
  const left = useComputed(() => {
    // Read for its ticking alone: the wait is by this page's own clock.
    const { state } = connection.value;
    return now.value > 0 && state === "lost" ? countdown(connection.value.retryAt - Date.now()) : "";
  });
  if (value.state !== "lost" || !isComplete.value) return null;
  return (
    <div class="trouble" data-tone="quiet">
      <Icon name="warning" />
      <p>
        The gateway does not answer. What you see is what was known last.{" "}
        <span class="faint">Trying again in {left}</span>
      </p>
      <button type="button" class="button button-small" onClick={reconnect}>
        Try now
      </button>
    </div>
  );
}
