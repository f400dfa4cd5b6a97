/** Axes as quiet as the rest of the page. */
import type uPlot from "uplot";
import { momentAmong } from "../words/time.ts";
import type { Colours } from "./plot.tsx";

const FONT =
  '11px Inter, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif';

export function valueAxis(colours: Colours, axis: uPlot.Axis): uPlot.Axis {
  return {
    stroke: colours("text-faint"),
    font: FONT,
    size: 52,
    gap: 6,
    ticks: { show: false },
    grid: { stroke: colours("line"), width: 1 },
    ...axis,
  };
}

export function baseAxis(colours: Colours, axis: uPlot.Axis): uPlot.Axis {
  return {
    stroke: colours("text-faint"),
    font: FONT,
    size: 28,
    gap: 6,
    ticks: { stroke: colours("line-firm"), width: 1, size: 4 },
    grid: { show: false },
    ...axis,
  };
}

/** Epoch ms. */
export function timeAxis(colours: Colours): uPlot.Axis {
  return baseAxis(colours, {
    space: 90,
    values: (_, times) => {
      const said = momentAmong(times);
      return times.map((at) => said(at, times.at(-1) ?? at));
    },
  });
}
