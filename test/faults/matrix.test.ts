import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { formsOf, shownIn } from './canaries.ts';
import type { Verdict } from './cell.ts';
import { empty, keep, summaryOf, tableOf } from './matrix.ts';
import { difference } from './state.ts';

const test = suite('the fault matrix');
const verdict = (end: string, ...problems: string[]): Verdict => ({ end, problems, seconds: 1, asked: 10 });

test('a table has a mark for each way to end, and counts only what was reached', () => {
  const matrix = empty();
  matrix.steps.change = ['write a', 'write b', 'write c', 'write d', 'write e'];
  const ends = ['end converged', 'end rolled-back', 'begin 3', 'end partial 1', 'not reached'];
  for (const [index, end] of ends.entries()) keep(matrix, 'change', 'power-cut', index + 1, verdict(end));
  keep(matrix, 'change', 'fill-disk', 1, verdict('end rolled-back', 'not put back: - a'));
  assert.is(
    tableOf(matrix, 'change'),
    `| step | change | power-cut | fill-disk |
|---|---|---|---|
| 1 | write a | n | ✗ |
| 2 | write b | b |   |
| 3 | write c | o |   |
| 4 | write d | p |   |
| 5 | write e | – |   |
| | passed | 4/4 | 0/1 |`,
  );
});

test('a summary names what failed and why', () => {
  const matrix = empty();
  keep(matrix, 'change', 'power-cut', 1, verdict('end converged'));
  keep(matrix, 'change', 'power-cut', 2, verdict('begin 2', 'left: /etc/.fairlead.abc'));
  const { text, failed } = summaryOf(matrix, 'debian-12');
  assert.is(failed, 1);
  assert.match(text, '✗ change, step 2, power-cut (begin 2)\n  left: /etc/.fairlead.abc');
  assert.match(text, 'debian-12: 1 of 2 passed, 20 requests to the site');
});

test('the difference of two states names what went and what came', () => {
  assert.equal(difference(['a 1', 'b 1'], ['a 1', 'b 2', 'c 1']), ['- b 1', '+ b 2', '+ c 1']);
  assert.equal(difference(['a'], ['a']), []);
});

test('a secret is found in each of its forms, and nowhere else', () => {
  for (const form of formsOf('can:ary'))
    assert.equal(shownIn(`before ${form} after`, ['can:ary', 'other']), ['can:ary']);
  assert.equal(shownIn('can ary', ['can:ary']), []);
});

test.run();
