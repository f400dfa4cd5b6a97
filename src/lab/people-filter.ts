/**
 * Whether a person was among those that a prior was fitted to, so that nobody is judged by a prior made from
 * their own past: a Bloom filter, from which nobody can be read.
 */
import { createHash } from "node:crypto";

const BITS = 1_024;
const HASHES = 4;

/** As base64. */
export function filterOf(people: Iterable<string>): string {
  const bits = new Uint8Array(BITS / 8);
  for (const person of people) {
    for (const bit of bitsOf(person)) bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return Buffer.from(bits).toString("base64");
}

/** False is certain; true is wrong about once in a thousand. */
export function mayContain(filter: string, person: string): boolean {
  const bits = Buffer.from(filter, "base64");
  return bits.length > 0 && bitsOf(person).every((bit) => ((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1);
}

function bitsOf(person: string): number[] {
  const digest = createHash("sha256").update(`keepwarm-prior:${person}`).digest();
  return Array.from({ length: HASHES }, (_, index) => digest.readUInt16BE(2 * index) % BITS);
}
