/** Decisions as lines of JSON, so that anyone can score them independently. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import type { Decision } from "./run-lab.ts";

const CHUNK_CHARACTERS = 1 << 20;

export class DecisionsFile {
  readonly #file: number;
  #pending: string[] = [];
  #characters = 0;

  /** @throws where the file cannot be written */
  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  add(decision: Decision): void {
    const line = `${JSON.stringify(decision)}\n`;
    this.#pending.push(line);
    this.#characters += line.length;
    if (this.#characters >= CHUNK_CHARACTERS) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeFileSync(this.#file, this.#pending.join(""));
    this.#pending = [];
    this.#characters = 0;
  }
}
