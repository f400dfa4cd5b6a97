/** Keyed hashes of what requests say. */
import { createHmac, hash, randomBytes } from "node:crypto";

// Hashes of content are keyed, and the key dies with the process.
const key = randomBytes(32).toString("base64url");

/** Half of the digest: a conversation holds one for each of its messages, and nobody can aim at a keyed hash. */
export function digestOf(text: string): string {
  // In one call, on one string: a body has hundreds of messages, and each call costs more than the hashing.
  return hash("sha256", key + text, "buffer").toString("base64url", 0, 16);
}

/** The same for all whose key is the same, in hexadecimal digits. */
export function sharedDigestOf(text: string, sharedKey: string): string {
  return createHmac("sha256", sharedKey).update(text).digest("hex");
}
