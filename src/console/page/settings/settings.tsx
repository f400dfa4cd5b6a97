/** What holds for all conversations, what each setting means, and who said so. */
import { useRef, useState } from "preact/hooks";
import type { SettingView } from "../../../hub/views/index.ts";
import { busy, changeSetting, tell } from "../link/act.ts";
import { gateway, health, settings } from "../link/known.ts";
import { now } from "../shell/clock.ts";
import { Switch } from "../surface/switch.tsx";
import { keepWarmText } from "../words/keep-warm.ts";
import { count, percent } from "../words/money.ts";
import { span } from "../words/time.ts";
import { sectionsOf, titleOf, unitOf, waysToChange } from "./meanings.ts";

export function Settings() {
  const answer = settings.value;
  return (
    <div class="page page-narrow">
      <header class="head">
        <div class="head-title">
          <h1 tabIndex={-1}>Settings</h1>
          {answer !== null && (
            <p class="quiet">
              What you change here is written to <span class="mono break">{answer.file}</span> and holds at
              once.
            </p>
          )}
        </div>
      </header>
      <div class="stack">
        {answer !== null &&
          sectionsOf(answer.settings).map(({ title, text, settings: members }) => (
            <section key={title} class="card" aria-label={title}>
              <header class="card-head card-head-tall">
                <div>
                  <h2>{title}</h2>
                  <p class="quiet">{text}</p>
                  {waysToChange(members).map((way) => (
                    <p key={way} class="quiet">
                      {way}
                    </p>
                  ))}
                </div>
              </header>
              {title === "Cache lifetime" && <Advice />}
              <div class="settings">
                {members.map((setting) => (
                  <Setting key={setting.name} setting={setting} />
                ))}
              </div>
            </section>
          ))}
        <Gateway />
      </div>
    </div>
  );
}

function Setting({ setting }: { readonly setting: SettingView }) {
  const { name, description, allowed, origin, fixed, live, value, default: standard } = setting;
  const isChosen = origin.from !== "default";
  const isGiven = origin.from === "flag" || origin.from === "environment";
  return (
    <div class="setting" data-setting={name}>
      <div class="setting-text">
        <h3 id={`setting-${name}`}>{titleOf(name)}</h3>
        <p class="quiet">{sentence(description)}</p>
        <p class="faint setting-origin">
          {isChosen ? (
            <>
              Set by <span class="mono break">{origin.where}</span>
            </>
          ) : (
            "The default"
          )}
          {!live && !isGiven && (
            <>
              {" · decided at the start, "}
              <span class="mono">{name}</span>
            </>
          )}
          {fixed === null && origin.from === "file" && value !== standard && (
            <>
              {" · "}
              <button
                type="button"
                class="text-button"
                onClick={() =>
                  void changeSetting(name, null, {
                    title: titleOf(name),
                    said: `${titleOf(name)}: the default holds again.`,
                  })
                }
              >
                Use the default
                <span class="unseen"> for {titleOf(name)}</span>
              </button>
            </>
          )}
        </p>
      </div>
      <div class="setting-value">
        {fixed === null ? (
          <Control setting={setting} hint={allowed} />
        ) : (
          <span class="mono break">{setting.text === "" ? "not set" : setting.text}</span>
        )}
      </div>
    </div>
  );
}

function Control({ setting, hint }: { readonly setting: SettingView; readonly hint: string }) {
  const { name, kind, value, text, choices, optional } = setting;
  const title = titleOf(name);
  const isBusy = busy.value.has(`setting ${name}`);
  const put = (chosen: string | boolean | null) =>
    changeSetting(name, chosen, { title, said: `${title}: ${chosen === null ? "not set" : said(chosen)}.` });
  if (kind === "switch") {
    return <Switch name={title} isOn={value === true} isBusy={isBusy} onChange={(isOn) => void put(isOn)} />;
  }
  if (kind === "choice") {
    return (
      <select
        class="select"
        aria-labelledby={`setting-${name}`}
        value={text}
        onChange={({ currentTarget }) => void put(currentTarget.value === "" ? null : currentTarget.value)}
      >
        {optional && <option value="">Not set</option>}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  return <TextControl key={text} setting={setting} hint={hint} onPut={put} />;
}

interface TextControlProps {
  readonly setting: SettingView;
  readonly hint: string;
  /** Resolves with whether it holds now. */
  readonly onPut: (text: string | null) => Promise<boolean>;
}

function TextControl({ setting, hint, onPut }: TextControlProps) {
  const { name, text, optional, kind, choices } = setting;
  const input = useRef<HTMLInputElement>(null);
  /** What was refused: it stays, marked, for as long as its person may mend it. */
  const [refused, setRefused] = useState<string | null>(null);
  /** What the gateway has not answered yet. */
  const sent = useRef<string | null>(null);
  const unit = unitOf(name);
  const takeBack = () => {
    if (input.current !== null) input.current.value = text;
    setRefused(null);
  };
  const refuse = (typed: string) => {
    if (document.activeElement === input.current) setRefused(typed);
    else takeBack();
  };
  const commit = async () => {
    const typed = input.current?.value.trim() ?? "";
    if (typed === text) return setRefused(null);
    // Enter brings a change along.
    if (typed === refused || typed === sent.current) return;
    if (typed === "" && !optional) {
      tell(`${titleOf(name)} must be ${hint}.`, true);
      return refuse(typed);
    }
    sent.current = typed;
    const holds = await onPut(typed === "" ? null : typed);
    sent.current = null;
    if (holds) setRefused(null);
    else refuse(typed);
  };
  return (
    <span class="number number-wide" data-refused={refused !== null}>
      {unit === "$" && (
        <span class="number-unit" aria-hidden="true">
          $
        </span>
      )}
      <input
        ref={input}
        type="text"
        inputMode={kind === "number" ? "decimal" : "text"}
        aria-labelledby={`setting-${name}`}
        title={hint}
        aria-invalid={refused !== null}
        placeholder={optional ? "not set" : ""}
        list={choices.length > 0 ? `choices-${name}` : undefined}
        defaultValue={text}
        onChange={() => void commit()}
        onBlur={() => refused !== null && input.current?.value.trim() === refused && takeBack()}
        onKeyDown={(event) => {
          if (event.key === "Enter") void commit();
          if (event.key === "Escape") takeBack();
        }}
      />
      {choices.length > 0 && (
        <datalist id={`choices-${name}`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
      {unit !== undefined && unit !== "$" && (
        <span class="number-unit" aria-hidden="true">
          {unit}
        </span>
      )}
    </span>
  );
}

/** Which lifetime would have cost this person least. */
function Advice() {
  const tier = gateway.value?.tier;
  if (tier === null || tier === undefined) return null;
  const { cheapest, relativeCost, isOwn, modelName } = tier;
  const less = Math.round((1 - (relativeCost[cheapest] ?? 1)) * 100);
  return (
    <p class="advice">
      Cheapest for {modelName}: <strong>{cheapest}</strong>
      {less > 0 && <>, {percent(less)} less than 5m alone</>}{" "}
      <span class="quiet">
        ({isOwn ? "by your own pauses" : "by most people's pauses: yours are not known well yet"})
      </span>
    </p>
  );
}

function Gateway() {
  const info = gateway.value;
  if (info === null) return null;
  const {
    version,
    pid,
    startedAt,
    gatewayUrl,
    upstream,
    heldBytes,
    maxHeldBytes,
    turns,
    warms,
    runs,
    hosts,
  } = info;
  const resident = health.value?.residentBytes;
  const facts: [string, string][] = [
    ["Version", `${version}, process ${pid}, up ${span(now.value - startedAt)}`],
    ["Agents send to", gatewayUrl],
    ["Passed on to", upstream],
    ["Since it started", `${count(turns)} turns, ${count(warms)} warms`],
    ["Requests held", `${megabytes(heldBytes)} of ${megabytes(maxHeldBytes)} MB`],
    ...(resident === undefined ? [] : [["Memory", `${megabytes(resident)} MB`] as [string, string]]),
    ["Running", runs.length === 0 ? "no command" : runs.map(({ command }) => command).join(", ")],
    ...(hosts.length === 0
      ? []
      : [["Connected", hosts.map(({ host }) => host).join(", ")] as [string, string]]),
  ];
  return (
    <section class="card" aria-label="This gateway">
      <header class="card-head">
        <h2>This gateway</h2>
      </header>
      <dl class="facts">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt class="quiet">{name}</dt>
            <dd class="break">{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function megabytes(bytes: number): string {
  return count(Math.round(bytes / 1_000_000));
}

function sentence(description: string): string {
  const text = `${description.charAt(0).toUpperCase()}${description.slice(1)}`;
  return text.endsWith(".") ? text : `${text}.`;
}

function said(value: string | boolean): string {
  return typeof value === "boolean" ? (value ? "on" : "off") : keepWarmText(value);
}
