/** What one process books on one day: a row for each conversation that is told apart, and one for all others. */
import { type Bucket, encodeBuckets, nameKey, rowKey, UNNAMED, withBooking } from "./rows.ts";
import type { Writing } from "./writing.ts";

export interface Booking {
  readonly conversationId: string;
  /** Whether it is told apart from others. */
  readonly isNamed: boolean;
  readonly bucket: Bucket;
}

export interface Sheet {
  readonly day: string;
  book(booking: Booking): void;
  /** Whose rows are this sheet's. */
  readonly writer: string;
  /** What is booked on it from now on gets another row. */
  forget(conversationId: string): void;
}

export interface SheetOptions {
  readonly day: string;
  readonly writing: Pick<Writing, "write">;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

/** More conversations a day than this are told together. */
const MOST_NAMED = 500;

export function createSheet({ day, writing, random, onError }: SheetOptions): Sheet {
  // 48 bits: a handful of processes a day write rows.
  const writer = Math.floor(random() * 2 ** 48).toString(36);
  const numbers = new Map<string, number>();
  const rows = new Map<number, readonly Bucket[]>();
  let last: number = UNNAMED;

  function numberOf(conversationId: string): number {
    const known = numbers.get(conversationId);
    if (known !== undefined) return known;
    if (last === MOST_NAMED) return UNNAMED;
    last += 1;
    numbers.set(conversationId, last);
    write(nameKey(day, writer, last), conversationId);
    return last;
  }

  function write(key: string, value: string): void {
    void writing.write(key, value).catch(onError);
  }

  return {
    day,
    book({ conversationId, isNamed, bucket }) {
      const number = isNamed ? numberOf(conversationId) : UNNAMED;
      const buckets = withBooking(rows.get(number) ?? [], bucket);
      rows.set(number, buckets);
      write(rowKey(day, writer, number), encodeBuckets(buckets));
    },
    writer,
    forget: (conversationId) => void numbers.delete(conversationId),
  };
}
