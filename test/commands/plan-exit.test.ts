/** What plan ends with, by what it found. */
import * as assert from 'uvu/assert';
import { exitOf } from '../../src/commands/plan.ts';
import type { Diagnostic } from '../../src/diagnostic.ts';
import type { Plan } from '../../src/plan/change.ts';
import { base, change, step } from '../report/plans.ts';
import { suite } from '../support/suite.ts';

const test = suite('the exit code of plan');

const diagnostic: Diagnostic = { severity: 'error', code: 'a.b', subject: 'web-1', message: 'm', fix: 'f' };
const having = (...changes: Plan['changes']): Plan => ({
  ...base,
  changes: [...base.changes, ...changes],
  steps: changes.some(({ action }) => action === 'update') ? [step('x')] : [],
});
const update = change('file:/a', { action: 'update', class: 'change' });
const drift = change('file:/a', { action: 'update', class: 'drift', touched: ['content'] });
const settling = change('unit:a.service', { action: 'update', class: 'unknown' });
const unreadable = change('file:/b', { class: 'unknown' });
const conflict = change('file:/c', { class: 'conflict' });
const unchecked = change('secret:/d', { class: 'unchecked' });

const table: readonly (readonly [name: string, plans: readonly Plan[], plan: number, drift: number])[] = [
  ['nothing to do', [base], 0, 0],
  ['no host', [], 0, 0],
  ['an edit of the file', [having(update)], 2, 0],
  ['an edit on the host', [having(drift)], 2, 2],
  ['a conflict', [having(conflict)], 2, 0],
  ['something unreadable', [having(unreadable)], 1, 1],
  ['something unreadable among changes', [having(update, unreadable)], 1, 1],
  ['something that looks for itself', [having(settling)], 2, 1],
  ['a value that this machine does not have', [having(unchecked)], 0, 0],
  ['one host of two with changes', [base, having(drift)], 2, 2],
];

for (const [name, plans, code, driftCode] of table) {
  test(`says it: ${name}`, () => {
    const planned = plans.map((plan) => ({ plan }) as never);
    assert.equal([exitOf(planned, [], false), exitOf(planned, [], true)], [code, driftCode]);
    assert.equal([exitOf(planned, [diagnostic], false), exitOf(planned, [diagnostic], true)], [1, 1]);
  });
}

test.run();
