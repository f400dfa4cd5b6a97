/** Single keys of a terminal, without a line's end. */
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream } from "node:tty";

export interface Keys {
  /** Hears a key by its name: `q`, `up`, `pagedown`, `ctrl-c`. */
  hear(onKey: (name: string) => void): void;
  /** Gives the input back as it was. */
  release(): void;
}

export function keysOf(input: ReadStream): Keys {
  let listener: ((text: string | undefined, key: Key) => void) | null = null;
  emitKeypressEvents(input);
  return {
    hear(onKey) {
      listener = (text, { name = text ?? "", ctrl = false }) => onKey(ctrl ? `ctrl-${name}` : name);
      input.on("keypress", listener);
      input.setRawMode(true);
      input.resume();
    },
    release() {
      if (listener === null) return;
      input.off("keypress", listener);
      listener = null;
      input.setRawMode(false);
      input.pause();
    },
  };
}
