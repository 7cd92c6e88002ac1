import type { Verdict } from './cell.ts';

/** What is known so far, by scenario and fault, and there by the number of the step. */
export interface Matrix {
  /** Titles of the steps of each scenario. */
  readonly steps: Record<string, string[]>;
  readonly cells: Record<string, Record<string, Record<number, Verdict>>>;
  readonly refusals: Record<string, Verdict>;
}

export const empty = (): Matrix => ({ steps: {}, cells: {}, refusals: {} });

/** Notes what a cell came to. */
export function keep(matrix: Matrix, scenario: string, fault: string, step: number, verdict: Verdict): void {
  const rows = matrix.cells[scenario] ?? {};
  rows[fault] = { ...rows[fault], [step]: verdict };
  matrix.cells[scenario] = rows;
}

export const passed = ({ problems }: Verdict): boolean => problems.length === 0;

const markOf = (verdict: Verdict | undefined) => {
  if (!verdict) return ' ';
  if (verdict.end === 'not reached' && passed(verdict)) return '–';
  return passed(verdict) ? (endings[verdict.end.split(' ')[1] ?? ''] ?? 'o') : '✗';
};

/** How a cell that passed ended: as wanted, as before, partly, or by the next apply (o). */
const endings: Readonly<Record<string, string>> = { converged: 'n', 'rolled-back': 'b', failed: 'b', partial: 'p' };

/** Steps × faults of one scenario, as a table in Markdown. */
export function tableOf(matrix: Matrix, scenario: string): string {
  const faults = Object.keys(matrix.cells[scenario] ?? {});
  const rows = (matrix.steps[scenario] ?? []).map((title, index) => {
    const marks = faults.map((fault) => markOf(matrix.cells[scenario]?.[fault]?.[index + 1]));
    return `| ${index + 1} | ${title} | ${marks.join(' | ')} |`;
  });
  const counts = faults.map((fault) => countOf(Object.values(matrix.cells[scenario]?.[fault] ?? {})));
  return [
    `| step | ${scenario} | ${faults.join(' | ')} |`,
    `|---|---|${faults.map(() => '---').join('|')}|`,
    ...rows,
    `| | passed | ${counts.join(' | ')} |`,
  ].join('\n');
}

const countOf = (verdicts: readonly Verdict[]) => {
  const reached = verdicts.filter((verdict) => verdict.end !== 'not reached' || !passed(verdict));
  return `${reached.filter(passed).length}/${reached.length}`;
};

/** Every verdict with its name. */
function all(matrix: Matrix): (readonly [string, Verdict])[] {
  const cells = Object.entries(matrix.cells).flatMap(([scenario, faults]) =>
    Object.entries(faults).flatMap(([fault, steps]) =>
      Object.entries(steps).map(([step, verdict]) => [`${scenario}, step ${step}, ${fault}`, verdict] as const),
    ),
  );
  return [...cells, ...Object.entries(matrix.refusals)];
}

/** Tables, what was refused, what failed and why, and one line that counts. */
export function summaryOf(matrix: Matrix, release: string): { text: string; failed: number } {
  const verdicts = all(matrix);
  const failed = verdicts.filter(([, verdict]) => !passed(verdict));
  const refusals = Object.entries(matrix.refusals).map(([name, v]) => `  ${passed(v) ? '✓' : '✗'} ${name}: ${v.end}`);
  const asked = verdicts.reduce((sum, [, verdict]) => sum + verdict.asked, 0);
  const text = [
    `== ${release}`,
    ...Object.keys(matrix.cells).map((scenario) => `\n${tableOf(matrix, scenario)}`),
    '',
    ...refusals,
    ...failed.map(([name, { end, problems }]) => `\n✗ ${name} (${end})\n  ${problems.slice(0, 12).join('\n  ')}`),
    `\n${release}: ${verdicts.length - failed.length} of ${verdicts.length} passed, ${asked} requests to the site`,
  ].join('\n');
  return { text, failed: failed.length };
}
