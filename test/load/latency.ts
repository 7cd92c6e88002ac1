/** A stretch of time in milliseconds, as Date.now() counts. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Requests as two columns: when each was due (milliseconds, as Date.now() counts) and how many milliseconds it took. */
export interface Samples {
  readonly starts: Float64Array;
  readonly times: Float32Array;
}

/** How long requests took, in milliseconds; NaN of none. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The requests that were at work in one of some windows, if only for a part of their time. */
export const within = (samples: Samples, windows: readonly Window[]): Float32Array =>
  samples.times.filter((time, index) => {
    const start = samples.starts[index]!;
    return windows.some(({ from, to }) => start <= to && start + time >= from);
  });

/** Percentiles by the nearest-rank method: each is a time that a request took. */
export function latencyOf(times: Float32Array): Latency {
  const sorted = times.slice().sort();
  const rank = (share: number) => sorted[Math.max(Math.ceil(share * sorted.length), 1) - 1] ?? Number.NaN;
  return { count: sorted.length, p50: rank(0.5), p99: rank(0.99), max: rank(1) };
}

/**
 * The time in which nothing was done, of a load from `from` to `to`.
 *
 * @param busy stretches in which something was, and `rest` milliseconds after each.
 */
export function quietTimes({ from, to }: Window, busy: readonly Window[], rest: number): Window[] {
  const sorted = [...busy].sort((one, other) => one.from - other.from);
  const starts = [from, ...sorted.map((one) => one.to + rest)];
  const ends = [...sorted.map((one) => one.from), to];
  return starts.map((start, index) => ({ from: start, to: ends[index]! })).filter((one) => one.to > one.from);
}
