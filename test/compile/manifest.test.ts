/** What every manifest must hold: one owner each, met needs, no cycle, and the same bytes wherever it is compiled. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ordered } from '../../src/compile/manifest.ts';
import { pinRelease, releaseOf } from '../../src/compile/release.ts';
import type { Resource } from '../../src/resources/resource.ts';
import { edits, manifest } from '../plan/manifests.ts';
import { suite } from '../support/suite.ts';
import { trees } from './print-trees.ts';

const test = suite('manifests');

const group = (name: string, needs: readonly string[] = [], origin = 'app'): Resource => ({
  kind: 'group',
  id: `group:${name}`,
  name,
  origin,
  needs: needs.map((need) => `group:${need}`),
});
const owned = { mode: '755', owner: 'root', group: 'root', needs: [] };
const directory = (path: string, origin: string): Resource => ({
  kind: 'directory',
  id: `directory:${path}`,
  path,
  origin,
  ...owned,
});
const link = (path: string, origin: string): Resource => ({
  kind: 'symlink',
  id: `symlink:${path}`,
  path,
  target: '/x',
  origin,
  needs: [],
});

const refused: readonly (readonly [string, readonly Resource[], string])[] = [
  [
    'two owners of one id',
    [group('a'), group('a', [], 'proxy')],
    'compile.two-owners: group:a is claimed by app and by proxy',
  ],
  [
    'two kinds at one path',
    [directory('/srv', 'app'), link('/srv', 'proxy')],
    'compile.two-owners: path:/srv is claimed by app and by proxy',
  ],
  [
    'a need that nothing meets',
    [group('a', ['b'])],
    'compile.unmet-need: group:a needs group:b, which is not in the manifest',
  ],
  ['a resource that needs itself', [group('a', ['a'])], 'compile.cycle: resources need each other: group:a → group:a'],
  [
    'a cycle',
    [group('c', ['a']), group('a', ['b']), group('b', ['c'])],
    'compile.cycle: resources need each other: group:c → group:a → group:b → group:c',
  ],
  [
    'a cycle behind a way in, which is left out',
    [group('in', ['a']), group('a', ['b']), group('b', ['a'])],
    'compile.cycle: resources need each other: group:a → group:b → group:a',
  ],
  [
    'several faults at once',
    [group('a'), group('a'), group('b', ['x'])],
    'compile.two-owners: group:a is claimed by app and by app\ncompile.unmet-need: group:b needs group:x, which is not in the manifest',
  ],
];

for (const [name, resources, says] of refused) {
  test(`refuse ${name}`, () => {
    try {
      ordered(resources);
    } catch (error) {
      assert.is((error as Error).message, says);
      return;
    }
    assert.unreachable('it was accepted');
  });
}

test('put what is needed before what needs it, and kinds in their order where needs leave a choice', () => {
  const made = ordered([link('/l', 'app'), group('b', ['a']), directory('/d', 'app'), group('a')]);
  assert.equal(
    made.map(({ id }) => id),
    ['group:a', 'group:b', 'directory:/d', 'symlink:/l'],
  );
});

/** Groups of which each needs only earlier ones. */
const acyclic = fc
  .array(fc.array(fc.nat({ max: 11 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((needs) =>
    needs.map((some, index) => group(String(index), [...new Set(some)].filter((one) => one < index).map(String))),
  );

test('hold any resources without a cycle once, each after its needs, whatever order they come in', () => {
  const shuffled = acyclic.chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));
  fc.assert(
    fc.property(shuffled, (resources) => {
      const ids = ordered(resources).map(({ id }) => id);
      assert.equal([...ids].sort(), resources.map(({ id }) => id).sort());
      for (const { id, needs } of resources)
        for (const need of needs) assert.ok(ids.indexOf(need) < ids.indexOf(id), `${need} before ${id}`);
    }),
  );
});

test('are the same to the byte when they are compiled twice', () => {
  assert.is(trees(), trees());
  const [whole, edited] = trees().split('\n');
  assert.is.not(whole, edited, 'the control: an edit shows');
});

test('are the same to the byte in another time zone and language', async () => {
  const env = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', COLUMNS: '40', NO_COLOR: '1' };
  const program = fileURLToPath(new URL('print-trees.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', program, 'print'], {
    env,
    stripFinalNewline: false,
  });
  assert.is(stdout, trees());
});

test('name a release after all that it consists of', () => {
  const id = (variation: Parameters<typeof manifest>[0]) => releaseOf(manifest(variation))?.release;
  const whole = id({});
  assert.match(whole ?? '', /^[0-9a-f]{16}$/);
  assert.is(id({ replace: [[/bodyLimit: 20m/, 'bodyLimit: 50m']] }), whole, 'the proxy is no part of it');
  const parts: readonly (readonly [RegExp, string])[] = [
    [/LOG_LEVEL: info/, 'LOG_LEVEL: debug'],
    [/memory: 512M/, 'memory: 256M'],
    [/node: 24/, 'node: 22'],
    [/instances: 2/, 'instances: 3'],
    [/npm ci &&/, 'npm ci --omit=dev &&'],
  ];
  const ids = [whole, id({ source: 'two' }), ...parts.map((edit) => id({ replace: [edit] }))];
  assert.is(new Set(ids).size, ids.length);
});

test('without a release are left as they are', () => {
  const database = manifest({ ...edits.noProxy, roles: 'database' });
  assert.is(releaseOf(database), undefined);
  assert.equal(pinRelease(database, 'any'), database);
});

test.run();
