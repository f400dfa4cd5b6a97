/** How settings are called and put together on the page. What one means and may be the gateway tells. */
import type { SettingView } from "../../../hub/views/index.ts";

interface Section {
  readonly title: string;
  readonly text: string;
  readonly names: readonly string[];
}

const SECTIONS: readonly Section[] = [
  {
    title: "New conversations",
    text: "Warming is opt-in: unless you say otherwise, a conversation that comes is left alone until you switch it on.",
    names: ["enableNew", "keepWarm"],
  },
  {
    title: "Limits",
    text: "They hold whatever is chosen for a conversation, and zero means that nothing is sent.",
    names: ["maxUsdPerPause", "maxUsdPerDay", "minPrefixTokens", "maxWarms"],
  },
  {
    title: "Cache lifetime",
    text: "An entry lives five minutes, or an hour at a dearer write. Left alone, each client decides; a tier changes that only when a prefix is written anyway.",
    names: ["tier"],
  },
  {
    title: "Pre-warming",
    text: "Prefixes of a catalogue are warmed before anyone asks. That writes what is cold, so it has its own switch, its own limit and its own key.",
    names: ["prewarm", "prewarmMaxUsdPerDay", "prewarmCatalogue", "prewarmKeyFile"],
  },
  {
    title: "Consent",
    text: "A subscription's terms are its provider's to say. Without your consent nothing is sent with one.",
    names: ["allowSubscription", "budgetThinking", "warmTokens"],
  },
];

export const TITLES: Readonly<Record<string, string>> = {
  enableNew: "Switch new conversations on",
  keepWarm: "Keep warm by default",
  maxUsdPerPause: "Most per pause",
  maxUsdPerDay: "Most per day",
  minPrefixTokens: "Shortest prefix",
  maxWarms: "Warms at once",
  tier: "Tier",
  allowSubscription: "Warm with a subscription login",
  budgetThinking: "Thinking with a budget",
  warmTokens: "Tokens a warm asks for",
  prewarm: "Pre-warm the catalogue",
  prewarmMaxUsdPerDay: "Most for pre-warms per day",
  prewarmCatalogue: "Catalogue",
  prewarmKeyFile: "Key file",
  host: "Address",
  port: "Port",
  consolePort: "Console's port",
  console: "Console's page",
  upstream: "Upstream",
  maxHeldMb: "Memory for requests",
  ttl5m: "Life of a 5-minute entry",
  ttl1h: "Life of a 1-hour entry",
  logLevel: "Log",
  prices: "Prices",
};

const UNITS: Readonly<Record<string, string>> = {
  maxUsdPerPause: "$",
  maxUsdPerDay: "$",
  prewarmMaxUsdPerDay: "$",
  minPrefixTokens: "tokens",
  maxHeldMb: "MB",
};

export const unitOf = (name: string): string | undefined => UNITS[name];

/** `someNewThing` as `Some new thing`. */
export function titleOf(name: string): string {
  const known = TITLES[name];
  if (known !== undefined) return known;
  const words = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How settings that cannot be changed on the page are changed: said once, whichever of them it is about. */
export function waysToChange(settings: readonly SettingView[]): string[] {
  const isGiven = ({ origin }: SettingView) => origin.from === "flag" || origin.from === "environment";
  const fixed = settings.filter(({ fixed }) => fixed !== null);
  const atStart = fixed.filter((setting) => !isGiven(setting));
  const [one] = atStart;
  return [
    ...(one === undefined
      ? []
      : [
          `What is decided at the start: keepwarm config set ${atStart.length === 1 ? one.name : "<name>"} <value>, then start the gateway anew.`,
        ]),
    ...(fixed.some(isGiven)
      ? [
          "What a flag or the environment says goes before the config file: to change it, start the gateway with another, or without it.",
        ]
      : []),
  ];
}

/** Each with its settings; what belongs to none of them comes last. */
export function sectionsOf(
  settings: readonly SettingView[],
): { readonly title: string; readonly text: string; readonly settings: readonly SettingView[] }[] {
  const known = new Set(SECTIONS.flatMap(({ names }) => names));
  const others = settings.filter(({ name }) => !known.has(name));
  return [
    ...SECTIONS.map(({ title, text, names }) => ({
      title,
      text,
      settings: names.flatMap((name) => settings.find((setting) => setting.name === name) ?? []),
    })),
    {
      title: "Gateway",
      text: "Decided when it starts: by its command line, the environment or the config file.",
      settings: others,
    },
  ].filter((section) => section.settings.length > 0);
}
