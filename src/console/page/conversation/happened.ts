/** What an entry of the history says to a person. */
import type { HistoryEntry, TurnEntry, WarmEntry } from "../../../hub/views/index.ts";
import { keepWarmText } from "../words/keep-warm.ts";
import { money } from "../words/money.ts";

export interface Happened {
  readonly name: string;
  readonly note: string;
  /** Which mark it has in the timeline. */
  readonly mark: "turn" | "return" | "warm" | "miss" | "end" | "switch";
  readonly tone: "gain" | "loss" | null;
}

export function happened(entry: HistoryEntry): Happened {
  switch (entry.kind) {
    case "turn":
      return turn(entry);
    case "warm":
      return warm(entry);
    case "lapse":
      return { name: "Lapsed", note: entry.why, mark: "end", tone: null };
    case "stop":
      return { name: "Stopped", note: entry.why, mark: "end", tone: "loss" };
    case "failure":
      return {
        name: "Failed",
        note: `Not answered (${entry.why}): what was cached before is what it was`,
        mark: "miss",
        tone: "loss",
      };
    case "switch":
      return { name: entry.enabled ? "Switched on" : "Switched off", note: "", mark: "switch", tone: null };
  }
}

function turn({ found, savedUsd }: TurnEntry): Happened {
  const plain = (note: string): Happened => ({ name: "Turn", note, mark: "turn", tone: null });
  switch (found) {
    case "rescued":
      return {
        name: "Return",
        note:
          savedUsd > 0 ? `Rescued: a warm saved ${money(savedUsd)}` : "Rescued: a warm had kept its prefix",
        mark: "return",
        tone: "gain",
      };
    case "lapsed":
      return {
        name: "Return",
        note: "Cold: its prefix had lapsed and was written again",
        mark: "turn",
        tone: "loss",
      };
    case "within":
      return plain("In time: its prefix was read");
    case "first":
      return plain("The first that is known of");
    case "replaced":
      return plain("Another prefix: compaction, a rewind, another model or tools");
    case "drifted":
      return plain("Drifted: something in its prefix had changed");
    case "survived":
      return plain("Read by luck: the entry had outlived its promise");
    case "unseen":
      return plain("Its usage is not known");
  }
}

function warm({ outcome, policy, foreign }: WarmEntry): Happened {
  const by = foreign
    ? "by another program"
    : policy === null
      ? ""
      : `policy: ${keepWarmText(policy).toLowerCase()}`;
  const said = (text: string) => [text, by].filter(Boolean).join("; ");
  switch (outcome) {
    case "hit":
      return { name: "Warm", note: said("Hit: all of it was read"), mark: "warm", tone: null };
    case "partial":
      return { name: "Warm", note: said("Partial: some of it was written again"), mark: "warm", tone: null };
    case "cold":
      return { name: "Warm", note: said("Cold: it was written again"), mark: "miss", tone: "loss" };
    case "cut-off":
      return {
        name: "Warm",
        note: said("Cut off: counted at the most it can have cost"),
        mark: "miss",
        tone: null,
      };
    case "unknown":
      return { name: "Warm", note: said("Its usage is not known"), mark: "miss", tone: null };
  }
}
