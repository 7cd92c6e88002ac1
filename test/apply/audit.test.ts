/** The log of applies: each line names the hash of the one before, and the last one the serial of the record. */
import picocolors from 'picocolors';
import * as assert from 'uvu/assert';
import { readAudit } from '../../src/apply/audit.ts';
import { sha256 } from '../../src/plan/digest.ts';
import { auditText } from '../../src/report/audit.ts';
import { suite } from '../support/suite.ts';

const test = suite('the log of applies');

/** A log of so many applies, as the executor writes it. */
function log(count: number, serial = count): string[] {
  const lines: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const entry = { previous: sha256(lines.at(-1) ?? ''), at: '2026-11-22T10:00:00Z', transaction: `t${number}` };
    const rest = { serial: number, outcome: 'converged', seconds: 3, who: 'me', commit: 'none', plan: 'abc' };
    lines.push(JSON.stringify({ ...entry, ...rest }));
  }
  return [...lines, `serial ${serial}`];
}

const flaws = (lines: readonly string[]) => readAudit(`${lines.join('\n')}\n`).flaws;

test('that nobody touched holds together', () => {
  for (const count of [0, 1, 5]) assert.equal(flaws(log(count)), [], `${count}`);
  assert.equal(
    readAudit(log(3).join('\n')).entries.map(({ transaction }) => transaction),
    ['t1', 't2', 't3'],
  );
});

/** A line with another value of a key, or without the key. */
const withIn = (line: string, name: string, value?: unknown) => JSON.stringify({ ...JSON.parse(line), [name]: value });

const damaged: readonly (readonly [string, (lines: string[]) => void, number])[] = [
  ['a line that was changed', (lines) => lines.splice(1, 1, lines[1]!.replace('converged', 'failed')), 3],
  ['a line that was taken out', (lines) => lines.splice(1, 1), 2],
  ['a first line that was taken out', (lines) => lines.splice(0, 1), 1],
  ['a last line that was cut off', (lines) => lines.splice(3, 1), 3],
  ['lines in another order', (lines) => lines.splice(1, 2, lines[2]!, lines[1]!), 2],
  ['a line that was added', (lines) => lines.splice(2, 0, lines[1]!), 3],
  ['a line that cannot be read', (lines) => lines.splice(1, 1, '{'), 2],
  ...['previous', 'at', 'transaction', 'outcome', 'seconds', 'who', 'commit', 'plan'].map(
    (name) =>
      [`a line that lost its ${name}`, (lines: string[]) => lines.splice(1, 1, withIn(lines[1]!, name)), 2] as const,
  ),
  ['a line with a run that is no text', (lines) => lines.splice(1, 1, withIn(lines[1]!, 'run', { toString: 1 })), 2],
  ['a log that was emptied', (lines) => lines.splice(0, 4), 0],
  ['a host that does not say where its record is', (lines) => lines.splice(4, 1), 4],
];

for (const [name, damage, line] of damaged) {
  test(`${name} shows`, () => {
    const lines = log(4);
    damage(lines);
    const found = flaws(lines);
    assert.ok(found.length > 0);
    assert.is(found[0]?.line, line, JSON.stringify(found));
  });
}

test('a line of which only the chain is left is shown as one that cannot be read', () => {
  const lines = log(2);
  lines.splice(1, 0, `{"previous":"${sha256(lines[0]!)}","serial":1}`);
  const shown = auditText('web-1', readAudit(`${lines.join('\n')}\n`), 'list', picocolors.createColors(false));
  assert.match(shown, 'line 2: it cannot be read');
  assert.match(shown, 'web-1: 2 applies, 2 flaws in the log');
});

test.run();
