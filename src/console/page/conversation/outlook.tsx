/** Whether the person comes back: the policy's own sentence, and the chance over time as a curve. */
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import type { OutlookView, PlanView } from "../../../hub/views/index.ts";
import { baseAxis, valueAxis } from "../plot/axes.ts";
import { Plot } from "../plot/plot.tsx";
import { keepWarmText } from "../words/keep-warm.ts";
import { likelihood, money } from "../words/money.ts";
import { span } from "../words/time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MARKS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, 48 * HOUR, 168 * HOUR];

export function Outlook({ outlook }: { readonly outlook: OutlookView }) {
  const { curve, warms, at, warmUsd } = outlook;
  const shown = useMemo(() => curve.filter(({ afterMs }) => afterMs >= MINUTE / 2), [curve]);
  const data = useMemo(
    (): uPlot.AlignedData => [shown.map(({ afterMs }) => afterMs), shown.map(({ returned }) => returned)],
    [shown],
  );
  if (shown.length < 2) return <p class="quiet card-text">There is nothing idle to reckon with.</p>;
  const last = shown.at(-1)?.afterMs ?? HOUR;
  const priced = warms.flatMap(({ usd }) => (usd === null ? [] : [usd]));
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
          scales: { x: { time: false, distr: 3, range: [MINUTE / 2, last] }, y: { range: [0, 1] } },
          axes: [
            baseAxis(colours, {
              splits: () => MARKS.filter((mark) => mark <= last),
              filter: (_, splits) => splits,
              values: (_, values) => values.map(span),
            }),
            valueAxis(colours, {
              splits: () => [0, 0.5, 1],
              values: (_, values) => values.map(likelihood),
              size: 44,
            }),
          ],
          series: [
            {},
            { stroke: colours("live"), width: 2, fill: `${colours("live")}1f`, points: { show: false } },
          ],
          hooks: {
            draw: [
              (plot) => {
                const { ctx, bbox } = plot;
                ctx.save();
                ctx.strokeStyle = colours("warm");
                ctx.lineWidth = devicePixelRatio;
                ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
                for (const warm of warms) {
                  const x = plot.valToPos(Math.max(MINUTE / 2, warm.at - at), "x", true);
                  if (x < bbox.left || x > bbox.left + bbox.width) continue;
                  ctx.beginPath();
                  ctx.moveTo(x, bbox.top);
                  ctx.lineTo(x, bbox.top + bbox.height);
                  ctx.stroke();
                }
                ctx.restore();
              },
            ],
          },
        })}
      />
      <ul class="legend" aria-label="Legend">
        <li>
          <span class="legend-line" aria-hidden="true" /> chance that you are back
        </li>
        {warms.length > 0 && (
          <li>
            <span class="legend-dash" aria-hidden="true" /> warms until then, if nobody comes
            {warmUsd !== null && priced.length === warms.length && (
              <> ({money(priced.reduce((sum, usd) => sum + usd, 0))} in all)</>
            )}
          </li>
        )}
      </ul>
    </>
  );
}

export function PlanSentence({ plan }: { readonly plan: PlanView }) {
  return (
    <p class="plan">
      {plan.reason} <span class="faint">({keepWarmText(plan.policy)})</span>
    </p>
  );
}

function sentenceOf({ curve, warms }: OutlookView): string {
  const at = (ms: number) => curve.findLast(({ afterMs }) => afterMs <= ms)?.returned ?? 0;
  const said = [15 * MINUTE, HOUR, 12 * HOUR].map((ms) => `${likelihood(at(ms))} within ${span(ms)}`);
  return `Chance that you are back: ${said.join(", ")}. ${warms.length} warms would be sent until then.`;
}
