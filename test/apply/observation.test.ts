/** What frames of a host come to: present, absent, or unknown with what the host said. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { readFrames } from '../../src/apply/frames.ts';
import { observedFrom } from '../../src/apply/observation.ts';
import { type Read, type Wanted, wantAll } from '../../src/resources/observed.ts';
import { suite } from '../support/suite.ts';
import { type WrittenFrame, written } from './frames.ts';

type Expected = 'absent' | { readonly unknown: string } | Readonly<Record<string, unknown>> | true;

interface Case {
  readonly name: string;
  readonly wanted: Partial<Wanted>;
  readonly frames: Readonly<Record<string, WrittenFrame>>;
  readonly expected: Partial<Record<keyof Wanted, Readonly<Record<string, Expected>>>>;
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('observations.json', import.meta.url), 'utf8'));
const test = suite('observation');
const observe = ({ frames, wanted }: Pick<Case, 'frames' | 'wanted'>) =>
  observedFrom(readFrames(written(frames))!, wantAll([wanted]));

/** A read as a case writes it; of what the host said, only the expected beginning counts. */
function shown(read: Read<unknown> | undefined, expected: Expected): Expected | undefined {
  if (read?.state === 'present') return read.value as Expected;
  if (read?.state !== 'unknown') return read?.state;
  const said = typeof expected === 'object' && 'unknown' in expected ? String(expected.unknown) : '';
  return { unknown: said !== '' && read.because.includes(said) ? said : read.because };
}

for (const one of cases) {
  test(one.name, () => {
    const observed = observe(one);
    for (const [table, expected] of Object.entries(one.expected)) {
      const reads = observed[table as keyof Wanted] as ReadonlyMap<string, Read<unknown>>;
      assert.equal(
        [...reads.keys()].sort(),
        Object.keys(expected).sort(),
        `every wanted name of ${table} has an entry`,
      );
      const seen = Object.entries(expected).map(([name, value]) => [name, shown(reads.get(name), value)]);
      assert.equal(Object.fromEntries(seen), expected);
    }
  });
}

test('what no frame tells is unknown, never absent', () => {
  const name = ['x'];
  const others = {
    packages: name,
    users: name,
    groups: name,
    units: name,
    clusters: name,
    roles: name,
    databases: name,
  };
  const wanted = { paths: name, secrets: name, ...others };
  const { facts, ...tables } = observe({ frames: {}, wanted });
  for (const [table, reads] of Object.entries(tables)) assert.is(reads.get('x')?.state, 'unknown', table);
  assert.equal(facts, { os: '', architecture: '', bootId: '', freeKib: {} });
});

test('facts are read from what the host says of itself', () => {
  const space = [
    '    Avail File',
    ' 52428800 /',
    ' 52428800 /var/lib',
    ' 10485760 /srv',
    '      512 /opt',
    ' 52428800 /etc',
  ];
  const frames = {
    os: { out: 'debian-12\n' },
    architecture: { out: 'amd64\n' },
    boot: { out: '0b5c\n' },
    space: { out: `${space.join('\n')}\n` },
  };

  const freeKib = { '/': 52428800, '/var/lib': 52428800, '/srv': 10485760, '/opt': 512, '/etc': 52428800 };
  assert.equal(observe({ frames, wanted: {} }).facts, {
    os: 'debian-12',
    architecture: 'amd64',
    bootId: '0b5c',
    freeKib,
  });
});

test('a transaction that was begun and has not ended is unfinished', () => {
  const unfinished = { out: 'transactions/20261122t062944-7e31fd\n' };
  assert.is(observe({ frames: { unfinished }, wanted: {} }).facts.unfinished, '20261122t062944-7e31fd');
  assert.is(observe({ frames: {}, wanted: {} }).facts.unfinished, undefined);
});

test.run();
