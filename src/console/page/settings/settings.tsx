/** What holds for all conversations, what each setting means, and who said so. */
import { useRef } from "preact/hooks";
import type { SettingView } from "../../../hub/views/index.ts";
import { busy, changeSetting, tell } from "../link/act.ts";
import { gateway, health, settings } from "../link/known.ts";
import { now } from "../shell/clock.ts";
import { Switch } from "../surface/switch.tsx";
import { keepWarmText } from "../words/keep-warm.ts";
import { count, percent } from "../words/money.ts";
import { span } from "../words/time.ts";
import { sectionsOf, titleOf, unitOf } from "./meanings.ts";

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
  const { name, description, allowed, origin, fixed, value, default: standard } = setting;
  const isChosen = origin.from !== "default";
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
          {fixed !== null && <> · {fixed}</>}
          {fixed === null && origin.from === "file" && value !== standard && (
            <>
              {" · "}
              <button
                type="button"
                class="text-button"
                onClick={() => void changeSetting(name, null, `${titleOf(name)}: the default holds again.`)}
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
    void changeSetting(name, chosen, `${title}: ${chosen === null ? "not set" : said(chosen)}.`);
  if (kind === "switch") {
    return <Switch name={title} isOn={value === true} isBusy={isBusy} onChange={put} />;
  }
  if (kind === "choice") {
    return (
      <select
        class="select"
        aria-labelledby={`setting-${name}`}
        value={text}
        onChange={({ currentTarget }) => put(currentTarget.value === "" ? null : currentTarget.value)}
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
  readonly onPut: (text: string | null) => void;
}

function TextControl({ setting, hint, onPut }: TextControlProps) {
  const { name, text, optional, kind, choices } = setting;
  const input = useRef<HTMLInputElement>(null);
  const unit = unitOf(name);
  const commit = () => {
    const typed = input.current?.value.trim() ?? "";
    if (typed === text) return;
    if (typed === "" && !optional) {
      if (input.current !== null) input.current.value = text;
      return tell(`${titleOf(name)} ${hint}.`, true);
    }
    onPut(typed === "" ? null : typed);
  };
  return (
    <span class="number number-wide">
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
        placeholder={optional ? "not set" : ""}
        list={choices.length > 0 ? `choices-${name}` : undefined}
        defaultValue={text}
        onChange={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
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
