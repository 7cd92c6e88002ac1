import type { Cost } from './measure.ts';

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

const walls = (costs: readonly Cost[]) => costs.map(({ wall }) => wall);

/** How many times longer `costs` took than `base`: the ratio of the medians, and the median of the ratios of neighbours. */
export function ratios(costs: readonly Cost[], base: readonly Cost[]) {
  const pairs = costs.slice(0, base.length).map(({ wall }, index) => wall / (base[index]?.wall ?? Number.NaN));
  return { ofMedians: median(walls(costs)) / median(walls(base)), pairwise: median(pairs) };
}

/** What a table says about the runs of one program. */
export function summary(costs: readonly Cost[]) {
  return {
    runs: costs.length,
    median: median(walls(costs)),
    min: Math.min(...walls(costs)),
    max: Math.max(...walls(costs)),
    cpu: median(costs.map(({ cpu }) => cpu)),
    memory: Math.max(...costs.map(({ memory }) => memory)),
  };
}

/** By how much the second values of points grow with the first: the slope of the line with the least squares. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([one]) => one)), mean(points.map(([, one]) => one))];
  const covariance = mean(points.map(([a, b]) => (a - x) * (b - y)));
  return covariance / mean(points.map(([a]) => (a - x) ** 2));
}
