/** Turns, warms and lapses over time, above the band of life that shrinks between them. */
import { useComputed } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import type uPlot from "uplot";
import type { ConversationView, HistoryEntry } from "../../../hub/views/index.ts";
import { timeAxis, valueAxis } from "../plot/axes.ts";
import { type Colours, Plot } from "../plot/plot.tsx";
import { Choice } from "../shell/choice.tsx";
import { now } from "../shell/clock.ts";
import { counted } from "../words/money.ts";
import { exactTime, span } from "../words/time.ts";
import { happened } from "./happened.ts";
import { bandOf, comingOf, type Use, usesOf } from "./life-band.ts";
import { Legend, LINE_MARKS, MARK_COLOURS, MARK_PATHS, type MarkName } from "./marks.tsx";

const ASSUMED_TTL_MS = 300_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const RANGES = { near: "Now", hours: "6 h", all: "All" } as const;
type Range = keyof typeof RANGES;

export interface TimelineProps {
  readonly view: ConversationView;
  readonly entries: readonly HistoryEntry[];
}

export function Timeline({ view, entries }: TimelineProps) {
  const [range, setRange] = useState<Range>("near");
  const ttlMs = view.ttlMs ?? ASSUMED_TTL_MS;
  // A second is too fine for what is drawn over minutes.
  const at = useComputed(() => Math.floor(now.value / 2_000) * 2_000).value;
  const until = Math.max(at + ttlMs / 4, view.lapsesAt ?? 0);
  const first = entries[0]?.at ?? at;
  const from = { near: Math.max(first, at - 8 * ttlMs), hours: Math.max(first, at - 6 * HOUR), all: first }[
    range
  ];

  const seen = useMemo(() => {
    // The request before the first that is shown gives it its life.
    const start = Math.max(
      0,
      entries.findLastIndex((entry) => entry.at < from && entry.kind !== "switch"),
    );
    return entries.slice(start);
  }, [entries, from]);
  const data = useMemo(() => dataOf(usesOf(seen, ttlMs), at, until), [seen, ttlMs, until, at]);
  const marks = useMemo(() => seen.filter((entry) => entry.at >= from).map(markOf), [seen, from]);
  const [pointed, setPointed] = useState<string | null>(null);

  return (
    <section class="card" aria-labelledby="timeline-title">
      <header class="card-head">
        <h2 id="timeline-title">Timeline</h2>
        <span class="card-readout" aria-hidden="true">
          {pointed}
        </span>
        <Choice label="Time shown" choices={RANGES} value={range} onChoose={setRange} />
      </header>
      <Plot
        label={sentenceOf(view, seen, at)}
        height={196}
        data={data}
        shape={[marks, from, until, ttlMs, view.nextWarmAt]}
        options={(colours) => ({
          ms: 1,
          legend: { show: false },
          cursor: { y: false, points: { show: false } },
          scales: {
            x: { range: [from - (until - from) * 0.015, until + (until - from) * 0.015] },
            y: { range: [0, ttlMs * 1.3] },
          },
          axes: [
            timeAxis(colours),
            valueAxis(colours, {
              splits: () => [0, ttlMs],
              values: (_, values) => values.map((left) => (left === 0 ? "0" : span(left))),
            }),
          ],
          series: [
            {},
            {
              stroke: colours("warm"),
              width: 1.5,
              fill: gradient(colours("warm"), 0.34),
              points: { show: false },
            },
            {
              stroke: colours("warm-soft"),
              width: 1.5,
              dash: [4, 4],
              fill: gradient(colours("warm"), 0.1),
              points: { show: false },
            },
          ],
          hooks: {
            draw: [
              (plot) => drawMarks(plot, marks, colours, ttlMs),
              (plot) => drawNow(plot, at, view, colours),
            ],
            setCursor: [(plot) => setPointed(readout(plot, marks))],
          },
        })}
      />
      <Legend present={new Set(marks.map(({ name }) => name))} />
    </section>
  );
}

interface TimelineMark {
  readonly at: number;
  readonly name: MarkName;
  readonly text: string;
}

function markOf(entry: HistoryEntry): TimelineMark {
  const { name, note, mark } = happened(entry);
  return { at: entry.at, name: mark, text: [exactTime(entry.at), name, note].filter(Boolean).join(" · ") };
}

/** What has been, and what is still to come unless it is used again: joined at this moment. */
function dataOf(uses: readonly Use[], at: number, until: number): uPlot.AlignedData {
  const past = bandOf(uses, at);
  const coming = comingOf(past, until);
  const nothing = (length: number) => Array.from({ length }, () => null);
  return [
    [...past.at, ...coming.at],
    [...past.leftMs, ...nothing(coming.at.length)],
    [...nothing(past.at.length - 1), ...past.leftMs.slice(-1), ...coming.leftMs],
  ];
}

function gradient(colour: string, strength: number) {
  return (plot: uPlot) => {
    const { top, height } = plot.bbox;
    const fill = plot.ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, withAlpha(colour, strength));
    fill.addColorStop(1, withAlpha(colour, strength / 8));
    return fill;
  };
}

/** @param colour `#rrggbb` */
function withAlpha(colour: string, alpha: number): string {
  return (
    colour +
    Math.round(alpha * 255)
      .toString(16)
      .padStart(2, "0")
  );
}

const MARK_SIZE = 11;

function drawMarks(plot: uPlot, marks: readonly TimelineMark[], colours: Colours, ttlMs: number): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  for (const { at, name } of marks) {
    const x = plot.valToPos(at, "x", true);
    const y = plot.valToPos(ttlMs * 1.16, "y", true);
    const colour = colours(MARK_COLOURS[name]);
    ctx.save();
    ctx.strokeStyle = withAlpha(colour, 0.4);
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(x, y + MARK_SIZE * ratio * 0.6);
    ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
    ctx.stroke();
    ctx.translate(x - (MARK_SIZE * ratio) / 2, y - (MARK_SIZE * ratio) / 2);
    ctx.scale((MARK_SIZE * ratio) / 12, (MARK_SIZE * ratio) / 12);
    const shape = new Path2D(MARK_PATHS[name]);
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.lineWidth = 2;
    if (LINE_MARKS.has(name)) ctx.stroke(shape);
    else ctx.fill(shape);
    ctx.restore();
  }
}

function drawNow(plot: uPlot, at: number, { nextWarmAt }: ConversationView, colours: Colours): void {
  const { ctx, bbox } = plot;
  const line = (when: number, colour: string, dash: number[]) => {
    const x = plot.valToPos(when, "x", true);
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(dash.map((part) => part * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  };
  line(at, colours("text-faint"), []);
  if (nextWarmAt !== null && nextWarmAt > at) line(nextWarmAt, colours("warm"), [2, 3]);
}

/** The mark under the pointer, in words. */
function readout(plot: uPlot, marks: readonly TimelineMark[]): string | null {
  const { left = -1 } = plot.cursor;
  if (left < 0) return null;
  const near = marks
    .map((mark) => ({ mark, away: Math.abs(plot.valToPos(mark.at, "x") - left) }))
    .reduce<{ mark: TimelineMark; away: number } | null>(
      (best, one) => (best === null || one.away < best.away ? one : best),
      null,
    );
  if (near !== null && near.away < 12) return near.mark.text;
  return exactTime(plot.posToVal(left, "x"));
}

function sentenceOf(view: ConversationView, entries: readonly HistoryEntry[], at: number): string {
  const turns = entries.filter(({ kind }) => kind === "turn").length;
  const warms = entries.filter(({ kind }) => kind === "warm").length;
  const lapses = entries.filter(({ kind }) => kind === "lapse").length;
  const life =
    view.lapsesAt === null
      ? "nothing is cached"
      : view.lapsesAt > at
        ? `the cache entry lapses in ${span(view.lapsesAt - at)}`
        : "the cache entry has lapsed";
  return `Timeline: ${counted(turns, "turn")}, ${counted(warms, "warm")}, ${counted(lapses, "lapse")}; ${life}. The history below has each of them.`;
}
