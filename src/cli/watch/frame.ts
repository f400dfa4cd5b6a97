/** What `keepwarm watch` shows at one moment, as lines that fit the terminal. */
import type { MoneyView } from "../../hub/index.ts";
import { conversationTable } from "../conversation-table.ts";
import { shownInDollars } from "../measure.ts";
import { printable } from "../printable.ts";
import { span } from "../span.ts";
import { programs } from "../status-report.ts";
import { bold, dim, yellow } from "../style.ts";
import { cutTo } from "../table.ts";
import { clockTime, happenedText } from "./happened-text.ts";
import type { Picture } from "./picture.ts";

export interface FrameOptions {
  /** Epoch ms. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  /** Lines of the table that are scrolled past. */
  readonly scrolled: number;
  /** Null while the gateway is there. */
  readonly gone: { readonly why: string; readonly since: number } | null;
}

export interface Frame {
  readonly lines: readonly string[];
  /** As far as it can be scrolled. */
  readonly most: number;
  /** Lines of the table that are shown at once. */
  readonly page: number;
}

/** What happened lately takes no more than this, and no less where there is room. */
const MOST_LATELY = 8;
const LEAST_TABLE = 6;

export function frameOf(picture: Picture, options: FrameOptions): Frame {
  const { columns, rows, scrolled } = options;
  const head = headLines(picture, options);
  const table = tableLines(picture, options);
  const room = Math.max(0, rows - head.length - 1);
  const lately = latelyLines(
    picture,
    columns,
    Math.min(MOST_LATELY, room - Math.min(table.length, LEAST_TABLE)),
  );
  const page = Math.max(0, room - lately.length);
  const most = Math.max(0, table.length - page);
  const from = Math.min(scrolled, most);
  const shown = table.slice(from, from + page);
  // So that what stands below does not jump as conversations come and go.
  const filled = [...shown, ...Array<string>(page - shown.length).fill("")];
  const foot = footLine({ from, shown: shown.length, all: table.length, columns });
  return { lines: [...head, ...filled, ...lately, foot].slice(0, rows), most, page };
}

function headLines({ gateway, totals, health }: Picture, { now, columns, gone }: FrameOptions): string[] {
  if (gateway === null) return [bold(cutTo("keepwarm", columns)), ...goneLines(gone, columns), ""];
  const { version, startedAt, gatewayUrl, upstream, warmsInFlight } = gateway;
  const facts = [
    ...(totals === null
      ? []
      : [`today ${sums(totals.today)}`, `in all net ${shownInDollars(totals.all).net}`]),
    ...(warmsInFlight > 0 ? [`${warmsInFlight} under way`] : []),
    ...programs(gateway),
  ];
  const up = gone === null ? `, up ${span(now - startedAt)}` : "";
  const title = `keepwarm ${printable(version)}${up}  ${printable(gatewayUrl)} → ${printable(upstream)}`;
  return [
    bold(cutTo(title, columns)),
    dim(cutTo(facts.join(" · "), columns)),
    ...goneLines(gone, columns),
    ...(gone === null ? (health?.problems ?? []) : []).map(({ sentence }) =>
      yellow(cutTo(printable(sentence), columns)),
    ),
    "",
  ];
}

function goneLines(gone: FrameOptions["gone"], columns: number): string[] {
  if (gone === null) return [];
  const text = `${clockTime(gone.since)}  ${printable(gone.why)}: waiting for the next one (keepwarm start)`;
  return [yellow(cutTo(text, columns))];
}

function tableLines({ conversations, gateway }: Picture, { now, columns, gone }: FrameOptions): string[] {
  const views = [...conversations.values()].map((view) =>
    // Nothing is due while there is nobody to send it.
    gone === null ? view : { ...view, nextWarmAt: null },
  );
  if (views.length === 0) {
    const url = gateway === null ? "the gateway" : printable(gateway.gatewayUrl);
    return [
      dim(cutTo(`No conversation is open: keepwarm run -- claude, or ANTHROPIC_BASE_URL=${url}`, columns)),
    ];
  }
  const keepWarm = gateway?.keepWarm ?? "auto";
  return conversationTable(views, { now, width: columns, keepWarm, cut: true });
}

function latelyLines({ lately, conversations }: Picture, columns: number, most: number): string[] {
  // A blank line and a title come with it.
  const shown = most < 3 ? [] : lately.slice(2 - most);
  if (shown.length === 0) return [];
  const lines = shown.map((happened) => dim(cutTo(`  ${happenedText(happened, conversations)}`, columns)));
  return ["", bold("Lately"), ...lines];
}

function footLine(shown: { from: number; shown: number; all: number; columns: number }): string {
  const { from, all, columns } = shown;
  const place = shown.shown < all ? ` · ↑ ↓ lines ${from + 1}–${from + shown.shown} of ${all}` : "";
  return dim(cutTo(`q ends it${place}`, columns));
}

function sums(money: MoneyView): string {
  const { spent, saved, net } = shownInDollars(money);
  return `spent ${spent} · saved ${saved} · net ${net}`;
}
