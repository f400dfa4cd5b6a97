/** The first view: the day so far, and every conversation. */
import { tell } from "../link/act.ts";
import { gateway } from "../link/known.ts";
import { Icon } from "../shell/icon.tsx";
import { countOfAll } from "./chosen.ts";
import { List } from "./list.tsx";
import { Summary } from "./summary.tsx";
import { Toolbar } from "./toolbar.tsx";

export function Conversations() {
  if (countOfAll.value === 0) return <Empty />;
  return (
    <div class="page page-list">
      <h1 class="unseen" tabIndex={-1}>
        Conversations
      </h1>
      <Summary />
      <div class="list-top">
        <Toolbar />
      </div>
      <List />
    </div>
  );
}

function Empty() {
  const url = gateway.value?.gatewayUrl ?? "";
  const starts = gateway.value?.enableNew === true ? "on" : "off";
  return (
    <div class="page">
      <div class="nothing">
        <h1 tabIndex={-1}>No conversation yet</h1>
        <p class="quiet">
          Point an agent at this gateway, and its conversations appear here with their first turn.
        </p>
        <ul class="commands">
          <Command
            text="keepwarm run -- claude"
            note="any agent that takes a base URL: claude, opencode, pi"
          />
          <Command text={`ANTHROPIC_BASE_URL=${url}`} note="or set it yourself" />
        </ul>
        <p class="faint">
          New conversations start {starts}; each is switched {starts === "on" ? "off" : "on"} here.
        </p>
      </div>
    </div>
  );
}

function Command({ text, note }: { readonly text: string; readonly note: string }) {
  return (
    <li>
      <span class="command">
        <code>{text}</code>
        <button
          type="button"
          class="icon-button"
          aria-label={`Copy ${text}`}
          onClick={() =>
            void navigator.clipboard.writeText(text).then(
              () => tell("Copied."),
              () => tell("The browser did not let it be copied.", true),
            )
          }
        >
          <Icon name="copy" />
        </button>
      </span>
      <span class="faint">{note}</span>
    </li>
  );
}
