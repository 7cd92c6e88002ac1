import { existsSync, readFileSync } from 'node:fs';

/** How many tests ended how. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export const none: Tally = { passed: 0, failed: 0, skipped: 0 };

export function sum(tallies: Tally[]): Tally {
  return tallies.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    none,
  );
}

/** The sentence with which a run of tests ends. */
export const sentence = ({ passed, failed, skipped }: Tally) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/**
 * The tally of a test process: what its suites recorded in `file`, and one failure more when it ended badly without
 * recording any, or well without running anything.
 */
export function tallyOf(file: string, exitCode: number): Tally {
  const outcomes = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.split('\t')[0])
    : [];
  const count = (outcome: string) => outcomes.filter((seen) => seen === outcome).length;
  const tally = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  const silent = exitCode === 0 ? sentence(tally) === sentence(none) : tally.failed === 0;
  return silent ? { ...tally, failed: tally.failed + 1 } : tally;
}
