/** Knows every return, and warms exactly where that pays: the bound on what any policy could have saved. */
import type { Arm } from "./arm.ts";
import { rescueUsd } from "./simulate.ts";

export const clairvoyant: Arm = {
  name: "clairvoyant",
  warmsAt(span, terms) {
    if (span.next === null || span.gapMs <= terms.ttlMs || span.reusedTokens === 0) return [];
    const warms = Math.ceil((span.gapMs - terms.ttlMs) / terms.everyMs);
    const costUsd = warms * span.call.contextTokens * terms.read * terms.inputUsd;
    if (costUsd >= rescueUsd(span, terms)) return [];
    return Array.from({ length: warms }, (_, index) => (index + 1) * terms.everyMs);
  },
};
