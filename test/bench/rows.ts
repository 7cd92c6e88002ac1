import type { Cost } from './measure.ts';
import { ratios, summary } from './statistics.ts';

/** A line of the table, with a text for each column. */
export type Row = readonly string[];

export const columns: Row = ['what', 'median', 'min–max', 'runs', 'CPU', 'peak memory', 'ratio', 'target', 'met'];

/** What was aimed at, and whether it was reached. */
export interface Verdict {
  readonly ratio?: string;
  readonly target: string;
  /** Undefined where nothing was aimed at. */
  readonly met: boolean | undefined;
}

const time = (milliseconds: number) =>
  milliseconds < 10_000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
const memory = (mebibytes: number) => `${mebibytes.toFixed(0)} MiB`;

/** What runs of one program cost, against a target or as the base of others. */
export function row(what: string, costs: readonly Cost[], verdict?: Verdict): Row {
  const { median, min, max, runs, cpu, memory: peak } = summary(costs);
  const judged = [verdict?.ratio ?? '', verdict?.target ?? '', word(verdict?.met)];
  return [what, time(median), `${time(min)} – ${time(max)}`, String(runs), time(cpu), memory(peak), ...judged];
}

const word = (met: boolean | undefined) => (met === undefined ? '' : met ? 'yes' : 'no');

/** A program that could not be measured, and why. */
export const missing = (what: string, why: string): Row => [what, why, '', '', '', '', '', '', 'not measured'];

/** At most `limit` times what the base takes. */
export function atMost(limit: number, costs: readonly Cost[], base: readonly Cost[]): Verdict {
  const { ofMedians, pairwise } = ratios(costs, base);
  const ratio = `${ofMedians.toFixed(2)} (pairs ${pairwise.toFixed(2)})`;
  return { ratio, target: `≤ ${limit}`, met: ofMedians <= limit };
}

/** The base takes at least `limit` times as long. */
export function fasterThan(limit: number, costs: readonly Cost[], base: readonly Cost[]): Verdict {
  const { ofMedians, pairwise } = ratios(base, costs);
  const ratio = `1 / ${ofMedians.toFixed(0)} (pairs 1 / ${pairwise.toFixed(0)})`;
  return { ratio, target: `≤ 1 / ${limit}`, met: ofMedians >= limit };
}

/** At most `limit` round trips, and at most one more than the base where there is one. Without a base only their number is told. */
export function atMostRoundTrips(limit: number, trips: number, base?: number): Verdict {
  const more = base === undefined ? 0 : trips - base;
  const ratio = `${trips.toFixed(1)} round trips${more === 0 ? '' : ` (${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)})`}`;
  if (base === undefined) return { ratio, target: '', met: undefined };
  return { ratio, target: more === 0 ? `≤ ${limit}` : `≤ ${limit}, ≤ +1`, met: trips <= limit && more <= 1 };
}

/** The median below `limit` milliseconds, and what it is of a base that the target does not depend on. */
export const within = (limit: number, costs: readonly Cost[], base: readonly Cost[]): Verdict => ({
  ...atMost(Number.POSITIVE_INFINITY, costs, base),
  target: `< ${limit} ms`,
  met: summary(costs).median < limit,
});

/** The median below `limit` milliseconds; `growth` is what it is of the smaller one before. */
export const below = (limit: number, costs: readonly Cost[], growth = ''): Verdict => ({
  ratio: growth,
  target: `< ${limit} ms`,
  met: summary(costs).median < limit,
});

/** The peak memory of all runs, which should stay below `limit` MiB. */
export function memoryRow(what: string, costs: readonly Cost[], limit: number): Row {
  const { memory: peak, runs } = summary(costs);
  return [what, '', '', String(runs), '', memory(peak), '', `< ${limit} MiB`, peak < limit ? 'yes' : 'no'];
}
