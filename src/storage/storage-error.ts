/** What a store tells when it could not do what it was asked. */

/** Why the store did not do what it was asked. `message` says it for people. */
export type StorageFailure = "closed" | "damaged" | "failed" | "full" | "locked" | "newer" | "read-only";

export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly failure: StorageFailure;

  constructor(failure: StorageFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

/** Primary result codes, https://www.sqlite.org/rescode.html. */
export const CORRUPT = 11;
const [PERM, BUSY, LOCKED, READONLY, FULL, NOTADB] = [3, 5, 6, 8, 13, 26];

const codeOf = (error: unknown): number =>
  Number((error as { errcode?: number } | null)?.errcode ?? 0) & 0xff;

/** Whether the file is no sound database. */
export const isDamage = (error: unknown): error is Error => [CORRUPT, NOTADB].includes(codeOf(error));

/** What went wrong with the store, as a sentence with what to do about it. */
export function forPeople(error: unknown, file: string, lockTimeoutMs: number): StorageError {
  if (error instanceof StorageError) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  const say = (failure: StorageFailure, sentence: string) => new StorageError(failure, sentence, error);
  if ([BUSY, LOCKED].includes(codeOf(error))) {
    return say(
      "locked",
      `Another process has kept ${file} locked for ${lockTimeoutMs} ms, so nothing was read or stored. Try again; if it stays so, look for a keepwarm process that hangs.`,
    );
  }
  if (codeOf(error) === FULL || code === "ENOSPC") {
    return say(
      "full",
      `There is no room for ${file} on its disk, so nothing was stored. Free some and try again.`,
    );
  }
  if ([READONLY, PERM].includes(codeOf(error)) || ["EACCES", "EPERM", "EROFS"].includes(code ?? "")) {
    return say(
      "read-only",
      `keepwarm may not write ${file} or its folder (${message}), so nothing was stored. Change whose they are, or choose another folder with KEEPWARM_HOME.`,
    );
  }
  if (isDamage(error)) {
    return say(
      "damaged",
      `${file} is damaged (${message}), and a new one in its place was too. Check the disk.`,
    );
  }
  return say("failed", `keepwarm could not use ${file}: ${message}.`);
}
