/** At which hours a prefix is usually begun with: decayed counts, never times. */
import * as z from "zod";

/** Working days and weekends, 24 hours each. */
const KINDS = 2;
const HOURS = 24;
const DAY_MS = 86_400_000;
/** After so many days a start counts half. */
const HALF_LIFE_DAYS = 14;
const DAILY = 2 ** (-1 / HALF_LIFE_DAYS);
/** What is older weighs nothing. */
const LONGEST_GAP_DAYS = 365;

const schema = z.object({
  bins: z.array(z.number().nonnegative()).length(KINDS * HOURS),
  /** How many days of each kind were seen, decayed likewise. */
  days: z.array(z.number().nonnegative()).length(KINDS),
  /** The last day, as a number: so that it is known how far to decay. */
  day: z.number().int(),
});

type Stored = z.output<typeof schema>;

export class StartingHours {
  #state: Stored | null;

  /** @param raw what {@link StartingHours.toString} made; whatever else counts as nothing */
  constructor(raw: string | null = null) {
    this.#state = parsed(raw);
  }

  /** @param at epoch ms; hours and days are the machine's */
  record(at: number): void {
    const { bins } = this.#advanced(at);
    const bin = binOf(at);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }

  /** How many starts are to be expected in the hour that holds this moment, of such a day. */
  expected(at: number): number {
    if (this.#state === null) return 0;
    const { bins, days } = this.#advanced(at);
    return (bins[binOf(at)] ?? 0) / Math.max(1, days[kindOf(at)] ?? 0);
  }

  /** All starts, decayed to this moment. */
  total(at: number): number {
    return this.#state === null ? 0 : this.#advanced(at).bins.reduce((sum, count) => sum + count, 0);
  }

  toString(): string {
    return this.#state === null ? "" : JSON.stringify(this.#state);
  }

  #advanced(at: number): Stored {
    const day = dayOf(at);
    const state = this.#state ?? {
      bins: Array(KINDS * HOURS).fill(0),
      days: Array(KINDS).fill(0),
      day: day - 1,
    };
    this.#state = state;
    const first = Math.max(state.day + 1, day - LONGEST_GAP_DAYS);
    for (let each = first; each <= day; each++) {
      for (const counts of [state.bins, state.days]) {
        for (const [index, count] of counts.entries()) counts[index] = count * DAILY;
      }
      const kind = kindOf(at - (day - each) * DAY_MS);
      state.days[kind] = (state.days[kind] ?? 0) + 1;
    }
    state.day = Math.max(state.day, day);
    return state;
  }
}

/** Days since 1970, by the machine's calendar. */
function dayOf(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

function kindOf(at: number): number {
  const day = new Date(at).getDay();
  return day === 0 || day === 6 ? 1 : 0;
}

function binOf(at: number): number {
  return kindOf(at) * HOURS + new Date(at).getHours();
}

function parsed(raw: string | null): Stored | null {
  try {
    return schema.parse(JSON.parse(raw ?? ""));
  } catch {
    return null;
  }
}
