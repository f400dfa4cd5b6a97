/** The bar at the top: where one is, where one can go, and whether the gateway is there. */
import { connection } from "../link/connection.ts";
import { gateway } from "../link/known.ts";
import { FLEET_LINK, LIST_LINK, SETTINGS_LINK, TOTALS_LINK } from "./address.ts";
import { Icon } from "./icon.tsx";
import { route } from "./route.ts";
import { THEMES, theme } from "./theme.ts";

const VIEWS = [
  { link: LIST_LINK, title: "Conversations", views: ["list", "conversation"] },
  { link: TOTALS_LINK, title: "Totals", views: ["totals"] },
  { link: SETTINGS_LINK, title: "Settings", views: ["settings"] },
];

const FLEET = { link: FLEET_LINK, title: "Fleet", views: ["fleet", "job"] };

const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;
const THEME_NAMES = { system: "as the system", light: "light", dark: "dark" } as const;

export interface BarProps {
  readonly onHelp: () => void;
  /** To the content, past all of this. */
  readonly onSkip: () => void;
}

export function Bar({ onHelp, onSkip }: BarProps) {
  const { view } = route.value;
  const chosen = theme.value;
  const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length] ?? "system";
  return (
    <header class="topbar">
      <button type="button" class="skip" onClick={onSkip}>
        Skip to the content
      </button>
      <a class="brand" href={LIST_LINK} aria-label="keepwarm, conversations">
        <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="16" cy="16" r="12" />
          <path d="M16 4a12 12 0 1 1-11.400 8.250" />
        </svg>
        <span class="brand-name">keepwarm</span>
      </a>
      <nav aria-label="Views">
        <ul class="views">
          {(gateway.value?.fleet ? [...VIEWS, FLEET] : VIEWS).map(({ link, title, views }) => (
            <li key={link}>
              <a href={link} aria-current={views.includes(view) ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="bar-end">
        <Presence />
        <button
          type="button"
          class="icon-button"
          aria-label={`Colours: ${THEME_NAMES[chosen]}. Change to ${THEME_NAMES[next]}`}
          title={`Colours: ${THEME_NAMES[chosen]}`}
          onClick={() => {
            theme.value = next;
          }}
        >
          <Icon name={THEME_ICONS[chosen]} />
        </button>
        <button type="button" class="icon-button" aria-label="Help" title="Help (?)" onClick={onHelp}>
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

const PRESENCE = {
  connecting: "Connecting",
  live: "Live",
  lost: "Disconnected",
  refused: "No access",
  unreadable: "Outdated",
} as const;

function Presence() {
  const { state } = connection.value;
  const upstream = gateway.value?.upstream;
  return (
    <span class="presence" data-state={state} title={state === "live" ? `Agents → ${upstream}` : undefined}>
      <span class="presence-dot" aria-hidden="true" />
      <span class="presence-text">{PRESENCE[state]}</span>
    </span>
  );
}
