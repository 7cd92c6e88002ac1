import type { Kept } from './writes.ts';

/** What a load came to. */
export interface Counts extends Kept {
  readonly requests: number;
  /** Requests without the right answer: another status, a broken connection, or nothing in time. */
  readonly failed: number;
}

/** What a load must not show, in words; nothing when all is well. A load that asked nothing has shown nothing. */
export function faultsOf(counts: Counts): string[] {
  const { requests, failed, duplicated, lost, unacknowledged, strange, acknowledged } = counts;
  const faults: [number, string][] = [
    [failed, `of ${requests} requests failed`],
    [duplicated, 'notes were made twice'],
    [lost, 'acknowledged notes are lost'],
    [unacknowledged, 'notes are there that were never acknowledged'],
    [strange, 'notes are there that nobody sent'],
  ];
  const told = faults.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
  return requests > 0 && acknowledged > 0 ? told : [...told, 'nothing was asked'];
}

/** A part of the proof: what was counted or measured, what it must be, and whether it is. */
export interface Criterion {
  readonly what: string;
  readonly found: string;
  readonly target: string;
  readonly met: boolean;
}

/** A criterion of counts alone. */
export const nothingDropped = (what: string, counts: Counts): Criterion => {
  const faults = faultsOf(counts);
  return { what, found: faults.join('; ') || '0 failed, 0 duplicated, 0 lost', target: '0', met: faults.length === 0 };
};

/** A number that must be below a limit, or at most it with `inclusive`. What could not be measured (NaN) is not met. */
export function limited(
  what: string,
  value: number,
  limit: number,
  { unit = '', digits = 0, inclusive = false }: { unit?: string; digits?: number; inclusive?: boolean } = {},
): Criterion {
  const text = (number: number) => `${number.toFixed(digits)}${unit && ` ${unit}`}`;
  const met = inclusive ? value <= limit : value < limit;
  return { what, found: text(value), target: `${inclusive ? '≤' : '<'} ${text(limit)}`, met };
}

/** A criterion that is met or not, where a sentence says why. */
export const stated = (what: string, problems: readonly string[], good: string): Criterion => ({
  what,
  found: problems.length === 0 ? good : problems.join('; '),
  target: good,
  met: problems.length === 0,
});
