/** A release whose secrets change, and nothing else of it. */
import * as assert from 'uvu/assert';
import type { Change, Plan } from '../../src/plan/change.ts';
import type { Decision } from '../../src/plan/decide.ts';
import { withRenewals } from '../../src/plan/renewal.ts';
import { bringsRelease, changesRelease } from '../../src/plan/together.ts';
import { renewalSteps } from '../../src/resources/release.ts';
import { nameOf, type ReleaseResource, type Resource } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';
import { manifest } from './manifests.ts';

const test = suite('a release whose secrets change');

const token = 'secret:/etc/fairlead/notes/secrets/TOKEN';
const other = 'secret:/etc/fairlead/notes/secrets/OTHER';
const live = manifest().resources.find((one): one is ReleaseResource => one.kind === 'release') as ReleaseResource;
const release: ReleaseResource = { ...live, needs: [...live.needs, token] };

const changeOf = (resource: Resource, more: Partial<Change>): Decision => ({
  resource,
  change: {
    id: resource.id,
    kind: resource.kind,
    name: nameOf(resource.id),
    action: 'none',
    class: 'unchanged',
    reason: 'is as it should be',
    causes: [],
    attributes: [],
    ...more,
  },
});
const secret = (id: string, more: Partial<Change>): Decision =>
  changeOf(
    { kind: 'secret', id, path: nameOf(id), secret: nameOf(id).split('/').at(-1) ?? '', origin: 'secrets', needs: [] },
    more,
  );
const written = { action: 'update', class: 'change', causes: [{ key: 'secrets.TOKEN' }] } as unknown as Partial<Change>;
const decided = (first: Decision, more: Partial<Change> = {}, resource = release) =>
  withRenewals([first, changeOf(resource, more)])[1] as Decision;

test('goes over to its other slot, and says why', () => {
  const { change, renews } = decided(secret(token, written));
  assert.is(renews, true);
  assert.is(change.action, 'update');
  assert.is(change.reason, 'its instances take up TOKEN, which changed');
  assert.equal(change.causes, [{ key: 'secrets.TOKEN' }]);
  assert.equal(
    renewalSteps(release).map(({ op }) => op),
    ['release_ready', 'release_switch', 'release_drain'],
  );
});

test('does so also where an instance of it is down', () => {
  const down = {
    action: 'update',
    class: 'drift',
    attributes: [{ name: 'running', before: '1', after: '1 2' }],
  } as const;
  assert.is(decided(secret(token, written), down).renews, true);
});

const stays: readonly (readonly [string, Decision])[] = [
  ['its secrets are as they were', decided(secret(token, {}))],
  ['the secret is new, because its units are then, too', decided(secret(token, { ...written, action: 'create' }))],
  ['the secret is for something else', decided(secret(other, written))],
  ['it has no instances here', decided(secret(token, written), {}, { ...release, instances: 0 })],
  ['it could not be looked at', decided(secret(token, written), { class: 'unknown' })],
  [
    'it is another one anyway',
    decided(secret(token, written), {
      action: 'update',
      class: 'change',
      attributes: [{ name: 'release', before: 'aa', after: 'bb' }],
    }),
  ],
];

for (const [why, { renews }] of stays) test(`does not when ${why}`, () => assert.is(renews, undefined));

test('waits for other hosts like another release, and is not held back like one', () => {
  const plan = (change: Change): Plan => ({
    format: 1,
    project: 'notes',
    environment: 'production',
    host: 'web-1',
    serial: 0,
    changes: [change],
    activations: [],
    steps: renewalSteps(release).map((one) => ({ ...one, subject: release.id, before: [], after: [], undo: [] })),
    expectations: [],
  });
  const { change } = decided(secret(token, written));
  assert.ok(changesRelease(plan(change)));
  assert.not.ok(bringsRelease(plan(change)));
  assert.ok(bringsRelease(plan({ ...change, attributes: [{ name: 'release', before: 'aa', after: 'bb' }] })));
});

test.run();
