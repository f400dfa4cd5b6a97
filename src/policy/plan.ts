/** A person's choice, put into a plan. */
import { adaptive } from "./adaptive.ts";
import { type Caps, capped } from "./caps.ts";
import type { Plan, Policy, PolicyFacts } from "./facts.ts";
import type { KeepWarm } from "./keep-warm.ts";
import { always, breakEven, fixed, until } from "./simple.ts";

/** What to do about an idle conversation, within its caps. */
export function plan(choice: KeepWarm, facts: PolicyFacts, caps: Caps = {}): Plan {
  return capped(policyOf(choice), caps)(facts);
}

export function policyOf(choice: KeepWarm): Policy {
  switch (choice.kind) {
    case "auto":
      return adaptive;
    case "fixed":
      return fixed(choice.warms);
    case "until":
      return until(choice.durationMs);
    case "always":
      return always;
    case "break-even":
      return breakEven;
  }
}
