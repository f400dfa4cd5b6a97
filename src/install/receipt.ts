/** What an installation changed, so that it can be taken back: `installed/<id>.json` in the state directory. */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { makeFolder } from "../storage/index.ts";
import { InstallError } from "./host-plugin.ts";

const path = z.array(z.union([z.string(), z.number()])).readonly();

const changeSchema = z.object({
  edit: z.object({ kind: z.enum(["add", "set", "set-if-missing"]), path, value: z.unknown() }),
  offset: z.int().min(0),
  removed: z.string(),
  inserted: z.string(),
  depth: z.int().min(0),
  previous: z.unknown().optional(),
});

const fileSchema = z.object({
  path: z.string(),
  /** What it held before, where that was nothing or next to nothing; null: it was not there. */
  blank: z.string().nullable().optional(),
  /** Folders that were made for it, the outermost first. */
  folders: z.array(z.string()).readonly(),
  /** In the order in which they were made. */
  changes: z.array(changeSchema).readonly(),
});

const receiptSchema = z.object({
  /** Of keepwarm. */
  version: z.string(),
  files: z.array(fileSchema).readonly(),
});

export type Receipt = z.infer<typeof receiptSchema>;
export type FileReceipt = z.infer<typeof fileSchema>;

function receiptFile(stateDirectory: string, id: string): string {
  return join(stateDirectory, "installed", `${id}.json`);
}

/** Null where keepwarm has installed nothing. @throws {InstallError} when it cannot be read */
export function readReceipt(stateDirectory: string, id: string): Receipt | null {
  const file = receiptFile(stateDirectory, id);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new InstallError(`${file} could not be read: ${(error as Error).message}`);
  }
  try {
    return receiptSchema.parse(JSON.parse(text));
  } catch {
    throw new InstallError(
      `${file}, which says what was installed, is damaged: remove it, and run keepwarm uninstall ${id} again`,
    );
  }
}

export function writeReceipt(stateDirectory: string, id: string, receipt: Receipt): void {
  const file = receiptFile(stateDirectory, id);
  makeFolder(dirname(file));
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, `${JSON.stringify(receipt, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

export function removeReceipt(stateDirectory: string, id: string): void {
  rmSync(receiptFile(stateDirectory, id), { force: true });
}
