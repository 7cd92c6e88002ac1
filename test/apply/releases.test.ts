import * as assert from 'uvu/assert';
import { matching, previousRelease, readReleases } from '../../src/apply/releases.ts';
import { suite } from '../support/suite.ts';

const test = suite('releases of a host');

const event = (release: string, at = '2026-01-01T00:00:00Z', commit = `c-${release}`) =>
  JSON.stringify({ release, at, transaction: 't', who: 'ada', commit, plan: 'p' });

/** A host that keeps releases and on which some went live, one after the other. */
const host = (kept: string, switches: string, live = switches.slice(-1)) =>
  readReleases(
    [
      `live ${live}`,
      ...[...kept].map((name) => `release ${event(name)}`),
      ...[...switches].map((name) => `switch ${event(name)}`),
      '',
    ].join('\n'),
  );

test('are read with who brought them, the newest first, and damaged lines are left out', () => {
  const known = readReleases(
    [
      'live b',
      'other a',
      `release ${event('a', '2026-01-01T00:00:00Z')}`,
      `release ${event('b', '2026-01-02T00:00:00Z')}`,
      'release {"release":"c"',
      'release {"release":1}',
      'switch {}',
      'stored b {"format":1,"resources":[{"id":"file:/x y"}]}',
      'stored a {"format":2}',
      '',
    ].join('\n'),
  );
  assert.equal([known.live, known.other], ['b', 'a']);
  assert.equal(
    known.kept.map(({ release, who }) => `${release} ${who}`),
    ['b ada', 'a ada'],
  );
  assert.equal(known.switches, []);
  assert.equal([...known.stored], [['b', { format: 1, resources: [{ id: 'file:/x y' }] }]]);
  assert.equal(readReleases(''), { live: undefined, other: undefined, kept: [], switches: [], stored: new Map() });
});

test('are gone back through one by one, as far as they are kept', () => {
  assert.is(previousRelease(host('abc', 'abc')), 'b');
  assert.is(previousRelease(host('abc', 'abcb')), 'a', 'who has gone back goes on from there');
  assert.is(previousRelease(host('abcd', 'abcbd')), 'b', 'what was gone back from is not where to go');
  assert.is(previousRelease(host('ac', 'abc')), 'a', 'b is not kept any more');
  assert.is(previousRelease(host('abc', 'abca')), undefined);
  assert.is(previousRelease(host('a', 'a')), undefined);
  assert.is(previousRelease(host('', '', '')), undefined);
});

test('are found by the beginning of a name or of a commit', () => {
  const known = host('ab', 'ab');
  const names = (typed: string) => matching(known, typed).map(({ release }) => release);
  assert.equal(names('a'), ['a']);
  assert.equal(names('c-b'), ['b']);
  assert.equal(names('c-'), ['a', 'b']);
  assert.equal(names('x'), []);
});

test.run();
