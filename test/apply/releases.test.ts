import * as assert from 'uvu/assert';
import { matching, migrationsPast, previousRelease, readReleases } from '../../src/apply/releases.ts';
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
  assert.equal(readReleases(''), {
    live: undefined,
    other: undefined,
    kept: [],
    switches: [],
    migrations: [],
    stored: new Map(),
  });
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

test('may not know how to live with what migrations took away since', () => {
  const migration = (name: string, kind: string, release: string, day: number) =>
    `migration ${JSON.stringify({ name, kind, release, sha256: '', at: `2026-01-0${day}T12:00:00Z` })}`;
  const on = (day: number) => `2026-01-0${day}T00:00:00Z`;
  const events = ['a', 'b', 'c'].map((name, index) => `release ${event(name, on(index + 1))}`);
  const switches = ['a', 'b', 'c'].map((name, index) => `switch ${event(name, on(index + 2))}`);
  const past = (release: string, ...more: string[]) =>
    migrationsPast(release, readReleases([...events, ...switches, ...more, ''].join('\n'))).map(({ name }) => name);
  const all = [migration('1', 'adopted', 'a', 1), migration('2', 'expand', 'b', 2), migration('3', 'contract', 'c', 3)];
  assert.equal(past('b', ...all), ['3']);
  assert.equal(past('a', ...all), ['3']);
  assert.equal(past('c', ...all), [], 'its own');
  assert.equal(past('a', migration('*', 'unknown', 'b', 2)), ['*']);
  assert.equal(past('a', ...all, `switch ${event('a', on(9))}`), [], 'it went live with that already');
  assert.equal(past('a', 'migration {"name":1}', 'migration {'), [], 'damaged lines');
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
