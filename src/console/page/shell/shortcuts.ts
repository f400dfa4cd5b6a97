/** Single keys. They can be switched off (WCAG 2.1.4), and are silent while somebody types or a dialog is open. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { kept } from "./kept.ts";

export const SHORTCUTS = [
  {
    where: "Everywhere",
    keys: [
      ["/", "search"],
      ["1 2 3", "conversations, totals, settings"],
      ["4", "the fleet, where there is one"],
      ["?", "this help"],
    ],
  },
  {
    where: "In the list",
    keys: [
      ["j k", "next, previous conversation"],
      ["Enter", "open it"],
      ["Space e", "switch it on or off"],
      ["i", "its interval"],
      ["m", "how long it is kept warm"],
      ["w", "warm it now"],
    ],
  },
  {
    where: "In a conversation",
    keys: [
      ["j k", "next, previous conversation"],
      ["e", "switch it on or off"],
      ["i", "its interval"],
      ["m", "how long it is kept warm"],
      ["w", "warm it now"],
      ["Esc", "back to the list"],
    ],
  },
] as const;

const SWITCH = ["on", "off"] as const;
export const shortcutsAre = kept("shortcuts", "on", (text): text is (typeof SWITCH)[number] =>
  SWITCH.some((one) => one === text),
);

/** By `KeyboardEvent.key`. A handler that returns false has not used the key. */
export type Handlers = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

export function useShortcuts(handlers: Handlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTaken(event)) return;
      const handler = Object.hasOwn(latest.current, event.key) ? latest.current[event.key] : undefined;
      if (handler !== undefined && handler(event) !== false) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function isTaken({ target, key, ctrlKey, metaKey, altKey, isComposing }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || isComposing) return true;
  if (document.querySelector("dialog[open]") !== null) return true;
  // Not a character: it needs no switch.
  if (key !== "Escape" && shortcutsAre.value === "off") return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input, select, textarea, [contenteditable]")) return true;
  return key === " " && target.matches("button, summary");
}
