/** The plan that goes back to a release: from what is stored with it, it changes that and nothing else. */
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { storedResources, withoutMigrations } from '../../src/compile/release.ts';
import { isEmpty, type Plan } from '../../src/plan/change.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { recordWithin } from '../../src/plan/record.ts';
import { suite } from '../support/suite.ts';
import { manifest } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const test = suite('plans back');

const before = manifest();
const level = [/LOG_LEVEL: info/, 'LOG_LEVEL: warn'] as const;
const body = [/bodyLimit: 20m/, 'bodyLimit: 30m'] as const;
const after = manifest({ replace: [level, body] });

const stored = (of: HostManifest) => storedResources(of)?.resources ?? [];

/** What going back from one to the other plans. */
function back(host: ModelHost, from: HostManifest, to: HostManifest): { plan: Plan; wanted: HostManifest } {
  const wanted: HostManifest = { ...to, resources: stored(to).map(withoutMigrations), partial: true };
  const scope = new Set([...stored(from), ...stored(to)].map(({ id }) => id));
  return { plan: makePlan(wanted, host.observed(wanted), recordWithin(host.record(), scope)), wanted };
}

const changed = (plan: Plan) => plan.changes.filter(({ action }) => action !== 'none').map(({ id }) => id);

test('brings environment, site and release, runs no migration, and is empty afterwards', () => {
  const host = new ModelHost();
  host.converge(before);
  host.converge(after);
  const { plan, wanted } = back(host, after, before);
  assert.equal(changed(plan).sort(), [
    'file:/etc/fairlead/notes/app.env',
    'file:/etc/nginx/sites-available/notes.conf',
    'release:notes',
  ]);
  assert.equal(
    plan.activations.map(({ unit, verb }) => `${verb} ${unit}`),
    ['reload nginx.service'],
  );
  assert.not.ok(plan.steps.some(({ op }) => op === 'release_migrate'));
  host.apply(plan, wanted);
  assert.ok(isEmpty(back(host, after, before).plan));
  const forward = host.plan(after);
  assert.equal(changed(forward).sort(), changed(plan).sort(), 'what went back goes forward again');
  assert.ok(
    forward.steps.some(({ op }) => op === 'release_migrate'),
    'the control',
  );
  host.apply(forward, after);
  assert.ok(isEmpty(host.plan(after)));
});

test('what a unit reads beside that stays as it is recorded', () => {
  const host = new ModelHost();
  host.converge(before);
  host.converge(after);
  const nginx = (of: ModelHost) => of.record().activations.get('nginx.service') ?? {};
  const known = Object.keys(nginx(host));
  const { plan, wanted } = back(host, after, before);
  const beyond = known.filter((id) => !wanted.resources.some((resource) => resource.id === id));
  assert.ok(beyond.length > 0, 'it reads more than goes back');
  host.apply(plan, wanted);
  assert.equal(Object.keys(nginx(host)).sort(), known.sort());
});

test('a whole manifest without an input is still a fault', () => {
  const resources = before.resources.filter(
    ({ id }) => id !== 'file:/etc/systemd/system/nginx.service.d/fairlead.conf',
  );
  const host = new ModelHost();
  assert.throws(() => host.plan({ ...before, resources }), 'is an input, but not in the manifest');
});

test.run();
