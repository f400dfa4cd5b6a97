/** The smooth rate of return behind the counts of long gaps. */
import { BIN_EDGES_S, LONG_BIN } from "../gap-history.ts";

/** From here on, in seconds, it is nights and weekends that decide, and no smooth rate fits them. */
const SMOOTH_TO_S = 7_200;

/**
 * Counts of the bins from {@link LONG_BIN} on, as a rate of return that is a power of the time idled would
 * have them up to {@link SMOOTH_TO_S}: a Poisson regression of the counts on the logarithm of time.
 */
export function smoothTail(counts: readonly number[]): number[] {
  const smooth = BIN_EDGES_S.filter((edge) => edge <= SMOOTH_TO_S).length - LONG_BIN;
  const bins = counts.slice(0, smooth).map((count, index) => {
    const fromS = BIN_EDGES_S[LONG_BIN - 1 + index] ?? 0;
    const toS = BIN_EDGES_S[LONG_BIN + index] ?? 0;
    return { count, widthS: toS - fromS, logMiddle: Math.log(Math.sqrt(fromS * toS)) - 7 };
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Time spent idle in each bin: by those who outlived it, and half of it by those who returned in it.
  let left = total;
  const exposed = bins.map(({ count, widthS }) => {
    const seconds = (left - count / 2) * widthS;
    left -= count;
    return seconds;
  });
  const [level, slope] = poissonLine(
    bins.map(({ count, logMiddle }, index) => ({ count, x: logMiddle, exposed: exposed[index] ?? 0 })),
  );
  let longer = total;
  const early = bins.map(({ widthS, logMiddle }) => {
    const returned = longer * (1 - Math.exp(-Math.exp(level + slope * logMiddle) * widthS));
    longer -= returned;
    return returned;
  });
  const late = counts.slice(smooth);
  const lateTotal = late.reduce((sum, count) => sum + count, 0);
  return [...early, ...late.map((count) => (count / lateTotal) * longer)];
}

/** Maximum-likelihood `[level, slope]` of `count ~ Poisson(exposed * exp(level + slope * x))`. */
function poissonLine(points: readonly { count: number; x: number; exposed: number }[]): [number, number] {
  const counts = points.reduce((sum, { count }) => sum + count, 0);
  const exposure = points.reduce((sum, { exposed }) => sum + exposed, 0);
  let level = Math.log(Math.max(counts, 1e-9) / Math.max(exposure, 1e-9));
  let slope = 0;
  for (let round = 0; round < 100; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9];
    for (const { count, x, exposed } of points) {
      const mean = exposed * Math.exp(level + slope * x);
      g0 += count - mean;
      g1 += (count - mean) * x;
      h00 += mean;
      h01 += mean * x;
      h11 += mean * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    const clamp = (step: number) => Math.max(-1, Math.min(1, step));
    const stepLevel = clamp((h11 * g0 - h01 * g1) / determinant);
    const stepSlope = clamp((h00 * g1 - h01 * g0) / determinant);
    level += stepLevel;
    slope += stepSlope;
    if (Math.abs(stepLevel) + Math.abs(stepSlope) < 1e-9) break;
  }
  return [level, slope];
}
