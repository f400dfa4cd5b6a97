/** Whether the person comes back: the policy's own sentence, and the chance over time as a curve. */
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import type { OutlookView, PlanView } from "../../../hub/views/index.ts";
import { baseAxis, valueAxis } from "../plot/axes.ts";
import { Plot } from "../plot/plot.tsx";
import { keepWarmText } from "../words/keep-warm.ts";
import { likelihood } from "../words/money.ts";
import { span } from "../words/time.ts";
import { ceilingOf, warmsAhead } from "./ahead.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MARKS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, 48 * HOUR, 168 * HOUR];

export function Outlook({ outlook }: { readonly outlook: OutlookView }) {
  const { curve, warms } = outlook;
  const shown = useMemo(() => curve.filter(({ afterMs }) => afterMs >= MINUTE / 2), [curve]);
  const data = useMemo(
    (): uPlot.AlignedData => [shown.map(({ afterMs }) => afterMs), shown.map(({ returned }) => returned)],
    [shown],
  );
  if (shown.length < 2) return <p class="quiet card-text">There is nothing idle to reckon with.</p>;
  const last = shown.at(-1)?.afterMs ?? HOUR;
  const top = ceilingOf(shown.map(({ returned }) => returned));
  return (
    <>
      <Plot
        label={sentenceOf(outlook)}
        height={168}
        data={data}
        shape={[outlook]}
        options={(colours) => ({
          legend: { show: false },
          cursor: { show: false },
          scales: { x: { time: false, distr: 3, range: [MINUTE / 2, last] }, y: { range: [0, top] } },
          axes: [
            baseAxis(colours, {
              splits: () => MARKS.filter((mark) => mark <= last),
              filter: (_, splits) => splits,
              values: (_, values) => values.map(span),
            }),
            valueAxis(colours, {
              splits: () => [0, top / 2, top],
              values: (_, values) => values.map(likelihood),
              size: 44,
            }),
          ],
          series: [
            {},
            { stroke: colours("live"), width: 2, fill: `${colours("live")}1f`, points: { show: false } },
          ],
          hooks: {
            draw: [(plot) => drawWarms(plot, outlook, colours("warm"))],
          },
        })}
      />
      <ul class="legend" aria-label="Legend">
        <li>
          <span class="legend-line" aria-hidden="true" /> chance that you are back
        </li>
        {warms.length > 0 && (
          <li>
            <span class="legend-dash" aria-hidden="true" /> {warmsAhead(outlook)}
          </li>
        )}
      </ul>
    </>
  );
}

/** In px: closer than this, lines are a surface. */
const LEAST_APART = 5;

/** A line each, and where they would run into one another a tint, to the last of them or to where there is none. */
function drawWarms(plot: uPlot, { warms, warmsADay, at }: OutlookView, colour: string): void {
  const { ctx, bbox } = plot;
  const end = bbox.left + bbox.width;
  const xs = warms
    .map((warm) => plot.valToPos(Math.max(MINUTE / 2, warm.at - at), "x", true))
    .filter((x) => x >= bbox.left && x <= end);
  const dense = xs.findIndex(
    (x, index) => index > 0 && x - (xs[index - 1] ?? x) < LEAST_APART * devicePixelRatio,
  );
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const x of dense < 0 ? xs : xs.slice(0, dense)) {
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  const from = xs[dense];
  if (from !== undefined) {
    ctx.globalAlpha = 0.16;
    ctx.fillRect(from, bbox.top, (warmsADay === null ? (xs.at(-1) ?? from) : end) - from, bbox.height);
  }
  ctx.restore();
}

export function PlanSentence({ plan }: { readonly plan: PlanView }) {
  return (
    <p class="plan">
      {plan.reason} <span class="faint">({keepWarmText(plan.policy)})</span>
    </p>
  );
}

function sentenceOf(outlook: OutlookView): string {
  const { curve, warms } = outlook;
  const at = (ms: number) => curve.findLast(({ afterMs }) => afterMs <= ms)?.returned ?? 0;
  const said = [15 * MINUTE, HOUR, 12 * HOUR].map((ms) => `${likelihood(at(ms))} within ${span(ms)}`);
  return `Chance that you are back: ${said.join(", ")}.${warms.length === 0 ? "" : ` ${warmsAhead(outlook)}.`}`;
}
