/** Books what conversations and their warms cost, and what the warms saved. */
import type { LedgerHome, Logger, RequestAnswered, Usage, WarmAborted, WarmCompleted } from "../host.ts";
import { type Account, createAccounts } from "./accounts.ts";
import { requestBooking, warmBooking } from "./bookings.ts";
import { localDay } from "./days.ts";
import { type Amounts, amountsOf, type Figures, sum } from "./figures.ts";
import { inMemory } from "./in-memory.ts";
import { bookPreWarm, type PreWarmEvent } from "./pre-warms.ts";
import { type Report, reportOf } from "./report.ts";
import { rollUp } from "./roll-up.ts";
import { nameOfRow, readContents, removeName } from "./rows.ts";
import { createSheet, type Sheet } from "./sheet.ts";
import { afterAbortedWarm, afterRequest, afterWarm, classify, coldReason, UNSEEN } from "./span.ts";
import { createRunning, type Totals } from "./totals.ts";
import { createWriting } from "./writing.ts";

export interface LedgerDeps extends LedgerHome {
  readonly logger: Logger;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** The day of a moment (epoch ms), as `2026-11-20`. @default in the machine's time zone */
  readonly dayOf?: (at: number) => string;
  /** In [0, 1). Tells this process's rows from those of others. @default Math.random */
  readonly random?: () => number;
  /** A conversation's figures have changed. */
  readonly onChange?: (conversationId: string) => void;
}

/** Booking never throws: what cannot be stored is told in the log, and stored with the next booking. */
export interface Ledger {
  requestAnswered(event: RequestAnswered): void;
  /** The last request of a turn of which no other is told: what its person's return found is not known. */
  turnSettled(event: RequestAnswered): void;
  warmCompleted(event: WarmCompleted): void;
  warmAborted(event: WarmAborted): void;
  /** A prefix was warmed before anyone asked, or a first turn has read one. */
  preWarm(event: PreWarmEvent): void;
  /** A request from before a restart, which was booked then. */
  remember(event: RequestAnswered): void;
  /** Of one conversation, as long as it is told apart; null while nothing is known of it. */
  figuresOf(conversationId: string): Amounts | null;
  /**
   * What {@link Ledger.report} tells, without asking the storage: what others have booked since the last report
   * is not in it, nor what was stored before until {@link Ledger.stored} has resolved once.
   *
   * @param since epoch ms; left out, from the beginning
   */
  totals(since?: number): Totals;
  /** Tells of each booking as soon as it counts. Returns the way to end it. */
  subscribe(listener: (booked: Booked) => void): () => void;
  /** Removes its name; what it cost stays in the sums. Resolves with whether anything was known of it. */
  forget(conversationId: string): Promise<boolean>;
  /** @param since epoch ms; left out, from the beginning */
  report(since?: number): Promise<Report>;
  /** Resolves once all that was booked is stored. */
  stored(): Promise<void>;
}

/** What one event added. */
export interface Booked {
  readonly conversationId: string;
  readonly kind: "request" | "warm";
  /** As `2026-11-20`. */
  readonly day: string;
  /** Null: not known. */
  readonly model: string | null;
  /** Null: nothing was being warmed. */
  readonly policy: string | null;
  /** Of this booking alone: {@link Ledger.totals} and {@link Ledger.figuresOf} have it already. */
  readonly amounts: Amounts;
}

const WARM_IDS_KEPT = 8;
/** Of a model's or a policy's name: they come from outside. */
const MOST_CHARACTERS = 100;

/** The policy of a warm for which none is told: while it is enabled, always. */
export const DEFAULT_POLICY = "always";

export function createLedger(deps: LedgerDeps): Ledger {
  const { storage = inMemory(), prices, logger, now } = deps;
  const { dayOf = localDay, random = Math.random, onChange = () => {} } = deps;
  const writing = createWriting(storage);
  const accounts = createAccounts();
  let sheet: Sheet | null = null;
  const writers = new Set<string>();
  const isOwn = (writer: string) => writers.has(writer);
  const running = createRunning();
  const listeners = new Set<(booked: Booked) => void>();

  function trouble(doing: string): (error: unknown) => void {
    return (error) =>
      logger.error(`keepwarm: could not ${doing} the ledger`, {
        error: error instanceof Error ? error.message : String(error),
      });
  }

  /** A new one each day, and when a clock is set: those of other days are never written again. */
  function sheetOfToday(): Sheet {
    const day = dayOf(now());
    if (sheet?.day === day) return sheet;
    // At the start it is done by loading.
    if (sheet !== null) void rollUp(storage, day).catch(trouble("roll up"));
    sheet = createSheet({ day, writing, random, onError: trouble("write") });
    writers.add(sheet.writer);
    return sheet;
  }

  function book(
    { conversationId, ...of }: Pick<Booked, "conversationId" | "kind" | "model" | "policy">,
    figures: Figures,
  ) {
    const account = accounts.of(conversationId);
    account.figures = sum(account.figures, figures);
    // Only what was ever warmed is told apart. One that no client named has an id of ours, which says nothing.
    const { warms, preWarms } = account.figures;
    const isNamed = warms + preWarms > 0;
    const [model, policy] = [shortened(of.model), shortened(of.policy)];
    const { day, book } = sheetOfToday();
    book({ conversationId, isNamed, bucket: { model, policy, figures } });
    running.book(day, figures);
    onChange(conversationId);
    tell({ conversationId, kind: of.kind, day, model, policy, amounts: amountsOf(figures) });
  }

  function tell(booked: Booked): void {
    for (const listener of listeners) {
      try {
        listener(booked);
      } catch (error) {
        logger.error("keepwarm: a listener of the ledger threw", { error: String(error) });
      }
    }
  }

  function bookRequest(event: RequestAnswered, isReturn = true): void {
    const { conversationId, modelName = null, aside = false } = event;
    const account = accounts.of(conversationId);
    const { span } = account;
    if (!aside) account.span = afterRequest(span, event);
    const found = isReturn ? classify(span, event) : UNSEEN;
    const figures = requestBooking(event, aside ? null : found, prices);
    const policy = aside ? null : span.policy;
    book({ conversationId, kind: "request", model: modelName, policy }, figures);
  }

  /** Another spends it, and books what it saves; here it is a request that passed. */
  function bookForeignWarm({ conversationId, startedAt = now(), ...event }: Readable<WarmCompleted>): void {
    const model = event.modelName ?? accounts.peek(conversationId)?.span.anchor?.modelName ?? null;
    const modelName = model === null ? {} : { modelName: model };
    bookRequest({ ...event, ...modelName, conversationId, startedAt, aside: true });
  }

  function bookWarm(event: Readable<WarmCompleted>, isAborted: boolean): void {
    const { conversationId, usage, warmId, startedAt, policy = DEFAULT_POLICY } = event;
    const account = accounts.of(conversationId);
    if (isBooked(account, warmId)) return;
    const { span } = account;
    const modelName = event.modelName ?? span.anchor?.modelName ?? undefined;
    const on = modelName === undefined ? {} : { modelName };
    const warm = isAborted || usage === undefined ? null : { usage, startedAt: startedAt ?? now(), ...on };
    account.span = warm === null ? afterAbortedWarm(span, policy) : afterWarm(span, { ...warm, policy });
    const why = event.missReason ?? (warm === null ? undefined : coldReason(span, warm));
    const told = { ...event, ...on, ...(why === undefined ? {} : { missReason: why }) };
    const figures = warmBooking(told, isAborted, prices);
    book({ conversationId, kind: "warm", model: modelName ?? null, policy }, figures);
  }

  /** What earlier processes, and others at work, have stored of conversations. */
  async function load(): Promise<void> {
    const contents = await readContents(storage);
    const { rows, names } = contents;
    running.read(contents, isOwn);
    for (const row of rows) {
      const name = nameOfRow(row, names);
      if (name === null || isOwn(row.writer)) continue;
      const total = sum(...row.buckets.map(({ figures }) => figures));
      accounts.add(name, total);
    }
    await rollUp(storage, dayOf(now()));
  }

  const loading = load().catch(trouble("read"));

  function guarded<Event extends { readonly usage?: Usage }>(
    act: (event: Readable<Event>) => void,
  ): (event: Event) => void {
    return (event) => {
      try {
        act(readable(event));
      } catch (error) {
        trouble("keep")(error);
      }
    };
  }

  return {
    requestAnswered: guarded((event: RequestAnswered) => bookRequest(event)),
    turnSettled: guarded((event: RequestAnswered) => bookRequest(event, false)),
    warmCompleted: guarded((event: Readable<WarmCompleted>) => {
      if (event.foreign === true) bookForeignWarm(event);
      else bookWarm(event, false);
    }),
    warmAborted: guarded((event: Readable<WarmAborted>) => bookWarm(event, true)),
    preWarm(event) {
      bookPreWarm(event, prices, book);
    },
    remember: guarded((event: RequestAnswered) => {
      const account = accounts.of(event.conversationId);
      account.span = afterRequest(account.span, event);
    }),
    figuresOf(conversationId) {
      const figures = accounts.figuresOf(conversationId);
      return figures === null ? null : amountsOf(figures);
    },
    totals(since) {
      const days = running.days(since === undefined ? null : dayOf(since));
      return {
        whole: amountsOf(...days),
        days,
        // Only for who asks: there may be thousands, and the sums are asked for every second.
        get conversations() {
          return accounts.warmed();
        },
      };
    },
    subscribe(listener) {
      // A function of its own, so that the same one may subscribe twice.
      const own = (booked: Booked) => listener(booked);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    async forget(conversationId) {
      await loading;
      const wasKnown = accounts.forget(conversationId);
      sheet?.forget(conversationId);
      await writing.done();
      return (await removeName(storage, conversationId)) || wasKnown;
    },
    async report(since) {
      await writing.done();
      const first = since === undefined ? null : dayOf(since);
      const contents = await readContents(storage);
      running.read(contents, isOwn);
      return reportOf(contents, { since: first, until: dayOf(now()) });
    },
    async stored() {
      await loading;
      await writing.done();
    },
  };
}

type Readable<Event extends { readonly usage?: Usage }> = Omit<Event, "usage"> & { readonly usage?: Usage };

/** Not every host is typed: usage without its figures is none. */
function readable<Event extends { readonly usage?: Usage }>(event: Event): Readable<Event> {
  const { usage, ...rest } = event;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Partial<Usage> = usage ?? {};
  const counts = [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens];
  return usage !== undefined && counts.every(Number.isFinite) ? { ...rest, usage } : rest;
}

function shortened(name: string | null): string | null {
  return name === null ? null : name.slice(0, MOST_CHARACTERS);
}

/** Whether this warm has been booked before; from now on it has. */
function isBooked({ warmIds }: Account, warmId: string | undefined): boolean {
  if (warmId === undefined) return false;
  if (warmIds.includes(warmId)) return true;
  warmIds.push(warmId);
  if (warmIds.length > WARM_IDS_KEPT) warmIds.shift();
  return false;
}
