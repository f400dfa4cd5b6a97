/** uPlot in the page's colours: redrawn with the theme, sized with its box, and a sentence for who cannot see it. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { isDark } from "../shell/theme.ts";

export type Data = uPlot.AlignedData;

export interface PlotProps {
  /** What it shows, as a sentence: the figures themselves stand beside it. */
  readonly label: string;
  readonly data: Data;
  readonly height: number;
  /** Made anew when one of these changes, as with the theme. */
  readonly shape: readonly unknown[];
  readonly options: (colours: Colours) => Omit<uPlot.Options, "width" | "height">;
}

/** The page's custom properties, resolved: a canvas knows none. */
export type Colours = (name: string) => string;

export function Plot({ label, data, height, shape, options }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = isDark.value;

  useEffect(() => {
    const parent = box.current;
    if (parent === null) return;
    const style = getComputedStyle(document.documentElement);
    const made = new uPlot(
      { ...options((name) => style.getPropertyValue(`--${name}`).trim()), width: parent.clientWidth, height },
      data,
      parent,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }));
    watcher.observe(parent);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [dark, height, ...shape]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div class="plot" role="img" aria-label={label} ref={box} />;
}
