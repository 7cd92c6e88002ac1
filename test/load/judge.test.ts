import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type Counts, faultsOf, limited, nothingDropped, stated } from './judge.ts';
import { keptOf, titleOf, type Writes } from './writes.ts';

const test = suite('the judge of a load');

const run = 'load-1';
/** Two clients with three writes each, of which one was answered with 502. */
const writes: readonly Writes[] = [
  { client: 0, sent: 3, refused: [] },
  { client: 1, sent: 3, refused: [1] },
];
const acknowledged = [0, 1].flatMap((client) => [0, 1, 2].map((number) => titleOf(run, client, number)));
const [refusedTitle = ''] = acknowledged.splice(4, 1);

const counts = (rows: readonly string[], failed = 0): Counts => ({
  requests: 12,
  failed,
  ...keptOf(run, writes, rows),
});

test('finds nothing where everything that was acknowledged is there once', () => {
  assert.equal(keptOf(run, writes, acknowledged), {
    acknowledged: 5,
    duplicated: 0,
    lost: 0,
    unacknowledged: 0,
    strange: 0,
  });
  assert.equal(faultsOf(counts(acknowledged)), []);
  assert.is(nothingDropped('a load', counts(acknowledged)).met, true);
});

test('finds a request that failed', () => {
  assert.equal(faultsOf(counts(acknowledged, 1)), ['1 of 12 requests failed']);
  assert.is(nothingDropped('a load', counts(acknowledged, 1)).met, false);
});

test('finds a note that is there twice, and says how often too many', () => {
  const [first = ''] = acknowledged;
  assert.equal(faultsOf(counts([...acknowledged, first, first])), ['2 notes were made twice']);
});

test('finds a note that was acknowledged and is not there', () => {
  assert.equal(faultsOf(counts(acknowledged.slice(1))), ['1 acknowledged notes are lost']);
  assert.is(counts([]).lost, 5);
});

test('tells a note that nobody acknowledged from one that nobody sent', () => {
  assert.equal(faultsOf(counts([...acknowledged, refusedTitle])), ['1 notes are there that were never acknowledged']);
  assert.equal(faultsOf(counts([...acknowledged, titleOf(run, 1, 3)])), ['1 notes are there that nobody sent']);
});

test('finds one that is lost beside one that is there twice, although their numbers are even', () => {
  const [first = '', ...others] = acknowledged;
  assert.equal(faultsOf(counts([...others, others[0] ?? first])), [
    '1 notes were made twice',
    '1 acknowledged notes are lost',
  ]);
});

test('takes a load that asked nothing for no proof', () => {
  assert.equal(faultsOf({ requests: 0, failed: 0, ...keptOf(run, [], []) }), ['nothing was asked']);
});

test('holds numbers against limits, and meets none with a number that could not be taken', () => {
  assert.equal(limited('p99', 2, 2, { inclusive: true, unit: '×' }), {
    what: 'p99',
    found: '2 ×',
    target: '≤ 2 ×',
    met: true,
  });
  assert.is(limited('p99', 2.01, 2, { inclusive: true }).met, false);
  assert.is(limited('memory', 90, 90).met, false);
  assert.is(limited('memory', 89.9, 90).met, true);
  for (const inclusive of [true, false]) assert.is(limited('p99', Number.NaN, 2, { inclusive }).met, false);
});

test('says what is not as it must be', () => {
  assert.is(stated('a release', ['exit code 0', 'it serves'], 'it goes back').found, 'exit code 0; it serves');
  assert.is(stated('a release', ['exit code 0'], 'it goes back').met, false);
  assert.equal(stated('a release', [], 'it goes back').met, true);
});

test.run();
