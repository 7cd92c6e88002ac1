/** The table of benchmarks, written again by a run of some comparisons. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import type { Row } from './rows.ts';
import { mergedRows, rowsIn, tableText } from './table.ts';

const test = suite('the table of benchmarks');
const row = (what: string, median: string): Row => [what, median, '1 – 2', '3', '', '', '1.00', '≤ 1.25', 'yes'];

test('is read as it was written', () => {
  const rows = [row('one', '1 ms'), row('two, longer', '2 ms')];
  assert.equal(rowsIn(tableText(rows)), rows);
});

test('keeps the rows of comparisons that were not made, in their order', () => {
  const before = [row('one', '1 ms'), row('two', '2 ms')];
  const merged = mergedRows(before, [row('three', '3 ms'), row('one', '9 ms')]);
  assert.equal(
    merged.map(([what, median]) => `${what} ${median}`),
    ['one 9 ms', 'two 2 ms', 'three 3 ms'],
  );
});

test.run();
