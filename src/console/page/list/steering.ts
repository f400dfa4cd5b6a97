/** Moving through the list and changing conversations by keys. */
import type { ConversationView } from "../../../hub/views/index.ts";
import { invoke, warmNow } from "../link/act.ts";
import { fieldOf } from "../surface/fields.ts";
import { titleOf } from "./title.ts";

/** Where in a row the focus is. */
export interface Place {
  readonly id: string;
  readonly control: keyof typeof CONTROLS;
}

const CONTROLS = {
  link: "[data-row]",
  switch: ".cell-switch button",
  interval: ".cell-interval input",
  keep: ".cell-keep select, .cell-keep input",
} as const;

export function placeOf(target: EventTarget | null): Place | null {
  if (!(target instanceof Element)) return null;
  const id = target.closest(".row")?.querySelector<HTMLElement>("[data-row]")?.dataset.row;
  const control = Object.entries(CONTROLS).find(([, selector]) => target.matches(selector))?.[0];
  return id === undefined || control === undefined ? null : { id, control: control as Place["control"] };
}

/** Returns whether it is there. */
export function focusWithin(list: HTMLElement | null, { id, control }: Place): boolean {
  const row = list?.querySelector(`[data-row="${CSS.escape(id)}"]`)?.closest(".row");
  const target = row?.querySelector<HTMLElement>(CONTROLS[control]);
  target?.focus({ preventScroll: true });
  return target !== null && target !== undefined;
}

export type KeyAction = "toggle" | "warm" | "interval" | "keep";

/** Returns false where it means nothing. */
export function actOn(
  view: ConversationView,
  action: KeyAction,
  within: HTMLElement | null,
): boolean | undefined {
  const title = titleOf(view);
  switch (action) {
    case "toggle": {
      const field = fieldOf(view.surface, "toggle");
      if (field === undefined) return false;
      const isOn = !field.value;
      void invoke(view.id, field.action.actionId, isOn, `${title} is switched ${isOn ? "on" : "off"}.`);
      return undefined;
    }
    case "warm":
      void warmNow(view.id, title);
      return undefined;
    case "interval":
    case "keep":
      return focusWithin(within, { id: view.id, control: action }) ? undefined : false;
  }
}
