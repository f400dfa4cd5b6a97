/** What OpenCode gives its terminal's plugins at run time, as far as it is used here. */
declare module "@opentui/solid" {
  /** Something on the screen. */
  export interface Element {
    readonly opaque: unique symbol;
  }
  export function createElement(tag: "box" | "text"): Element;
  export function setProp(element: Element, name: string, value: unknown): void;
  /** A function is asked again whenever what it read has changed. */
  export function insert(parent: Element, content: Element | (() => string)): void;
  export function effect(run: () => void): void;
}

declare module "solid-js" {
  export function createSignal<T>(value: T): [() => T, (value: T) => void];
}
