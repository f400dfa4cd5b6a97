/** The conversations of one process: what each has come to, and where it stands. */
import { type Amounts, amountsOf, type Figures, NOTHING, sum } from "./figures.ts";
import { NO_SPAN, type Span } from "./span.ts";

export interface Account {
  span: Span;
  /** Of this process, and of what was stored before. */
  figures: Figures;
  /** Warms that have been booked already, the last few. */
  readonly warmIds: string[];
}

export interface Accounts {
  /** One that is not known yet begins. */
  of(conversationId: string): Account;
  /** Null: not known, or not heard of since the start. */
  peek(conversationId: string): Account | null;
  figuresOf(conversationId: string): Figures | null;
  /** Adds what was stored of it by others. */
  add(conversationId: string, figures: Figures): void;
  /** Whether anything was known of it. */
  forget(conversationId: string): boolean;
  /** Those that were warmed, what cost most first. */
  warmed(): (Amounts & { readonly conversationId: string })[];
}

/** Conversations followed at once; beyond it nothing is credited to the one used longest ago. */
const MOST_ACCOUNTS = 10_000;

export function createAccounts(): Accounts {
  /** The one used last at the end. */
  const accounts = new Map<string, Account>();
  /** Of conversations that have not been heard of since the start. */
  const before = new Map<string, Figures>();

  function figuresOf(conversationId: string): Figures | null {
    return accounts.get(conversationId)?.figures ?? before.get(conversationId) ?? null;
  }

  return {
    of(conversationId) {
      const known = accounts.get(conversationId);
      const figures = before.get(conversationId) ?? NOTHING;
      const account = known ?? { span: NO_SPAN, figures, warmIds: [] };
      before.delete(conversationId);
      accounts.delete(conversationId);
      accounts.set(conversationId, account);
      for (const id of accounts.keys()) {
        if (accounts.size <= MOST_ACCOUNTS) break;
        accounts.delete(id);
      }
      return account;
    },
    peek: (conversationId) => accounts.get(conversationId) ?? null,
    figuresOf,
    add(conversationId, figures) {
      const account = accounts.get(conversationId);
      if (account) account.figures = sum(account.figures, figures);
      else before.set(conversationId, sum(before.get(conversationId) ?? NOTHING, figures));
    },
    forget: (conversationId) =>
      [accounts.delete(conversationId), before.delete(conversationId)].includes(true),
    warmed() {
      const all = [...accounts].map(([id, { figures }]) => [id, figures] as const);
      return [...all, ...before]
        .filter(([, { warms }]) => warms > 0)
        .toSorted(([, a], [, b]) => b.spentUsd - a.spentUsd)
        .map(([conversationId, figures]) => ({ conversationId, ...amountsOf(figures) }));
    },
  };
}
