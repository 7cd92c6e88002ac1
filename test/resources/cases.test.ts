/**
 * Tables of the resource kinds: each file of a kind's folder is one state of a host (observed), of the record and of the
 * file, and what the plan makes of them. A case without `resources` has `removed`: an id that deploy.yaml no longer names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { noPermission, type Permission } from '../../src/plan/permission.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { type RecordLine, readRecord } from '../../src/plan/record.ts';
import { kindNamed } from '../../src/resources/kind.ts';
import { absent, type Observed, present, type Read, unknown } from '../../src/resources/observed.ts';
import { kindOf, kindOrder, nameOf, type Resource } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';

/** A read in a case file: `"absent"`, `{ "unknown": "why" }`, or the value that is present. */
type WrittenRead = 'absent' | { readonly unknown: string } | Readonly<Record<string, unknown>> | true;

type Table = 'paths' | 'secrets' | 'packages' | 'users' | 'groups' | 'units' | 'clusters' | 'roles' | 'databases';

interface Case {
  readonly resources?: readonly [Resource, ...Resource[]];
  readonly removed?: string;
  readonly observed: Partial<Record<Table, Readonly<Record<string, WrittenRead>>>>;
  readonly record: readonly RecordLine[];
  /** What may be done beside what the file says; nothing when left out. */
  readonly permission?: Partial<Permission>;
  readonly expected: {
    readonly wanted: Readonly<Record<string, readonly string[]>>;
    readonly read: WrittenRead;
    readonly action: string;
    readonly class: string;
    readonly reason: string;
    readonly steps: readonly (readonly string[])[];
  };
}

const here = dirname(fileURLToPath(import.meta.url));
const isNothing = ({ expected }: Case) => expected.action === 'none';
const casesOf = (kind: string) =>
  readdirSync(here, { withFileTypes: true }).some(({ name }) => name === kind)
    ? readdirSync(join(here, kind)).map((file) => ({ file, read: readCase(join(here, kind, file)) }))
    : [];
const readCase = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Case;

function readOf(written: WrittenRead): Read<never> {
  if (written === 'absent') return absent;
  const because = typeof written === 'object' && typeof written.unknown === 'string' ? written.unknown : undefined;
  return because === undefined ? present(written as never) : unknown(because);
}

function observedOf({ observed }: Case): Observed {
  const table = (name: Table) =>
    new Map(Object.entries(observed[name] ?? {}).map(([key, written]) => [key, readOf(written)] as const));
  const facts = { os: 'debian-12', architecture: 'amd64', bootId: 'boot', freeKib: {} };
  const names: readonly Table[] = [
    'paths',
    'secrets',
    'packages',
    'users',
    'groups',
    'units',
    'clusters',
    'roles',
    'databases',
  ];
  return {
    facts,
    ...(Object.fromEntries(names.map((name) => [name, table(name)])) as unknown as Omit<Observed, 'facts'>),
  };
}

const manifestOf = ({ resources = [] as never }: Case) =>
  ({ project: 'notes', environment: 'production', host: { name: 'web-1' }, resources, positions: {} }) as never;

/** Kinds without a case at all. */
const withoutCases = (kinds: readonly string[]) => kinds.filter((kind) => casesOf(kind).length === 0);

function check(one: Case): void {
  const { expected, removed } = one;
  const id = removed ?? one.resources![0].id;
  const kind = kindNamed(kindOf(id))!;
  const observed = observedOf(one);
  const record = readRecord(one.record.map((line) => `${JSON.stringify(line)}\n`).join(''), 3, 'web-1');
  const plan = makePlan(manifestOf(one), observed, record, { ...noPermission, ...one.permission });
  const change = plan.changes.find((candidate) => candidate.id === id)!;
  const { action, class: changeClass, reason } = change;
  // Whom a change makes judge the whole configuration is order's business, and tested there.
  const own = plan.steps.filter(({ subject }) => subject !== 'configuration');
  assert.equal(kind.probe(nameOf(id)), expected.wanted, 'what is read from the host');
  assert.equal(kind.read(nameOf(id), observed), readOf(expected.read), 'the state as it was read');
  assert.equal(
    { action, class: changeClass, reason, steps: own.map(({ op, args }) => [op, ...args]) },
    { action: expected.action, class: expected.class, reason: expected.reason, steps: expected.steps },
  );
}

const test = suite('resource kinds');

for (const kind of kindOrder) {
  for (const { file, read } of casesOf(kind)) {
    test(`${kind}: ${file.replace('.json', '').replaceAll('-', ' ')}`, () => check(read));
  }
}

test('every kind has at least four cases, of something to do and of nothing to do, each with a sentence', () => {
  for (const kind of kindOrder) {
    const cases = casesOf(kind).map(({ read }) => read);
    assert.ok(cases.length >= 4, kind);
    assert.ok(cases.some(isNothing) && cases.some((one) => !isNothing(one)), kind);
    for (const { expected } of cases) assert.match(expected.reason, /^\w.* .*\w/, kind);
  }
});

test('a kind without cases is noticed', () => {
  assert.equal(withoutCases(kindOrder), []);
  assert.equal(withoutCases([...kindOrder, 'certificate']), ['certificate'], 'the control');
});

test('every folder of cases belongs to a kind, and every kind is registered', () => {
  const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.equal(folders.map(({ name }) => name).sort(), [...kindOrder].sort());
  for (const kind of kindOrder) assert.ok(kindNamed(kind), kind);
  assert.is(kindNamed('certificate'), undefined, 'the control');
});

test('a case that expects something else fails', () => {
  const { read } = casesOf('group')[0]!;
  const wrong = { ...read, expected: { ...read.expected, steps: [['note', 'x']] } };
  let failed = false;
  try {
    check(wrong);
  } catch {
    failed = true;
  }
  assert.ok(failed, 'the control');
});

test.run();
