/** A choice of how long a conversation is kept warm, in words. */
import { formatKeepWarm, type KeepWarm, parseKeepWarm } from "../../../policy/index.ts";
import { span } from "./time.ts";

/** In the person's words; what cannot be read stands as it is. */
export function keepWarmText(stored: string): string {
  const choice = parseKeepWarm(stored);
  return choice === null ? stored : said(choice);
}

function said(choice: KeepWarm): string {
  switch (choice.kind) {
    case "auto":
      return "Auto";
    case "always":
      return "Always";
    case "break-even":
      return "Break-even";
    case "fixed":
      return formatKeepWarm(choice);
    case "until":
      return span(choice.durationMs);
  }
}
