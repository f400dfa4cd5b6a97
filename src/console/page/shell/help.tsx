/** What keys do, and what the list's words mean. */

import { Switch } from "../surface/switch.tsx";
import { Dialog } from "./dialog.tsx";
import { SHORTCUTS, shortcutsAre } from "./shortcuts.ts";

const WORDS = [
  ["Generating", "a turn is under way; nothing is warmed meanwhile"],
  ["Warm", "its cache entry lives, and a warm goes out before it lapses"],
  ["Waiting", "switched on, but there is nothing to warm yet"],
  ["Lapsed", "the entry has outlived its life; the next turn writes it again"],
  ["Stopped", "switched on, but nothing is sent, and why"],
  ["Turn, warm", "the share of the last turn's and the last warm's prompt that was read from the cache"],
  ["Kept", "retention: of the last warm's cached tokens, those that were read and not written again"],
  ["Net", "what warming saved less what it cost, at list price"],
  ["The ring", "what is left of the entry's life"],
] as const;

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Help" onClose={onClose} size="large">
      <div class="help">
        <section aria-labelledby="help-keys">
          <div class="field help-head">
            <h3 id="help-keys">Keys</h3>
            <span class="help-switch">
              <span class="quiet" aria-hidden="true">
                Single-key shortcuts
              </span>
              <Switch
                name="Single-key shortcuts"
                isOn={shortcutsAre.value === "on"}
                onChange={(isOn) => {
                  shortcutsAre.value = isOn ? "on" : "off";
                }}
              />
            </span>
          </div>
          {SHORTCUTS.map(({ where, keys }) => (
            <div key={where} class="help-keys">
              <h4 class="quiet">{where}</h4>
              <dl>
                {keys.map(([key, does]) => (
                  <div key={key}>
                    <dt>
                      {key.split(" ").map((one) => (
                        <kbd key={one}>{one}</kbd>
                      ))}
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              </dl>
            </div>
          ))}
        </section>
        <section aria-labelledby="help-words">
          <h3 id="help-words">Words</h3>
          <dl class="help-words">
            {WORDS.map(([word, means]) => (
              <div key={word}>
                <dt>{word}</dt>
                <dd class="quiet">{means}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
