/** Keyed hashes of what requests say, where there is no node:crypto. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

const key = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));

export function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(key + text)).subarray(0, 16));
}

export function sharedDigestOf(text: string, sharedKey: string): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(sharedKey), utf8ToBytes(text)));
}
