/** What holds for every state of a host, tried on random ones. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { blockers, isEmpty, type Plan } from '../../src/plan/change.ts';
import type { RecordLine } from '../../src/plan/record.ts';
import { kindOf, nameOf } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';
import { edits, manifest } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const whole = manifest();
const manifests = Object.fromEntries(
  Object.entries({ whole: {}, ...edits }).map(([name, one]) => [name, manifest(one)]),
);
const anyManifest = fc.constantFrom(...Object.keys(manifests));
const test = suite('every plan');

type Damage = (host: ModelHost, name: string) => void;

/** Something that can befall a resource between two applies, by kind. */
const damages: Record<string, readonly Damage[]> = {
  group: [(host, name) => host.groups.delete(name)],
  user: [
    (host, name) => host.users.delete(name),
    (host, name) => host.users.set(name, { group: 'root', home: '/root', shell: '/bin/sh' }),
  ],
  directory: [(host, name) => host.paths.delete(name), (host, name) => repaint(host, name, { mode: '700' })],
  file: [
    (host, name) => host.paths.delete(name),
    (host, name) => repaint(host, name, { mode: '600', owner: 'nobody' }),
    (host, name) => repaint(host, name, { sha256: '0'.repeat(64), content: 'by hand\n' }),
    (host, name) => host.paths.set(name, { type: 'symlink', mode: '777', owner: 'root', group: 'root', target: '/x' }),
  ],
  symlink: [(host, name) => host.paths.delete(name), (host, name) => repaint(host, name, { target: '/elsewhere' })],
  unit: [
    (host, name) => upset(host, name, { active: 'failed' }),
    (host, name) => upset(host, name, { enabled: 'disabled' }),
    (host, name) => upset(host, name, { needsReload: true }),
    (host, name) => host.lines.push({ activation: name, inputs: null }),
  ],
  'postgres-role': [(host, name) => host.roles.delete(name), (host, name) => host.roles.set(name, { login: false })],
  'postgres-database': [
    (host, name) => host.databases.delete(name),
    (host, name) => host.databases.set(name, { owner: 'postgres' }),
  ],
  release: [
    (host, name) => host.paths.delete(`/run/${name}/live`),
    (host, name) => host.units.delete(`${name}-blue@1.service`),
    (host, name) => repaint(host, `/srv/${name}/slots/blue`, { target: '../releases/gone' }),
    (host, name) => host.start(`${name}-green@1.service`),
    (host, name) => host.start(`${name}-blue@7.service`),
  ],
  package: [
    (host, name) => {
      host.packages.delete(name);
      host.units.delete(`${name}.service`);
    },
  ],
};

function upset(host: ModelHost, name: string, change: object): void {
  const unit = host.units.get(name);
  if (unit) Object.assign(unit, change);
}

function repaint(host: ModelHost, path: string, change: object): void {
  const state = host.paths.get(path);
  if (state) host.paths.set(path, { ...state, ...change });
}

/** Which resources are damaged, and how. */
const damage = fc.dictionary(fc.constantFrom(...whole.resources.map(({ id }) => id)), fc.nat({ max: 11 }), {
  noNullPrototype: true,
});

function damaged(what: Readonly<Record<string, number>>): ModelHost {
  const host = new ModelHost();
  host.converge(whole);
  for (const [id, which] of Object.entries(what)) {
    const ways = damages[kindOf(id)]!;
    ways[which % ways.length]!(host, nameOf(id));
  }
  return host;
}

const pruned = (plan: Plan) => plan.changes.filter(({ class: c, action }) => c === 'prune' && action === 'delete');

test('leaves nothing to do once it is applied, whatever was removed or edited on the host', () => {
  fc.assert(
    fc.property(damage, anyManifest, (what, name) => {
      const wanted = manifests[name]!;
      const host = damaged(what);
      const plan = host.converge(wanted);
      assert.equal(blockers(plan), []);
      const again = host.plan(wanted);
      assert.ok(isEmpty(again), JSON.stringify(again.steps));
    }),
    { numRuns: 150 },
  );
});

test('leaves nothing to do where part of what it wants is there already and belongs to nobody', () => {
  fc.assert(
    fc.property(fc.subarray(whole.resources.map(({ id }) => id)), (forgotten) => {
      const host = new ModelHost();
      host.converge(whole);
      for (const id of forgotten) host.lines.push({ id, gone: true });
      const plan = host.converge(whole);
      assert.equal(
        plan.changes
          .filter(({ action }) => action === 'adopt')
          .map(({ id }) => id)
          .sort(),
        forgotten.sort(),
      );
      assert.ok(isEmpty(host.plan(whole)));
    }),
    { numRuns: 60 },
  );
});

test('removes nothing that is not in the record or was there before, except its hold on a unit', () => {
  const owned = new ModelHost();
  owned.converge(whole);
  fc.assert(
    fc.property(fc.subarray(owned.lines), fc.subarray(owned.lines), anyManifest, (kept, old, name) => {
      const host = new ModelHost();
      host.converge(whole);
      host.lines = kept.map((line) => (old.includes(line) && 'origin' in line ? { ...line, origin: 'adopted' } : line));
      const origins = new Map(host.record().resources);
      for (const { id } of pruned(host.plan(manifests[name]!))) {
        const recorded = origins.get(id);
        assert.ok(recorded, `${id} is in the record`);
        assert.ok(recorded.origin === 'created' || kindOf(id) === 'unit', `${id} was made by the project`);
      }
    }),
    { numRuns: 100 },
  );
  const control = new Set(pruned(owned.plan(manifest(edits.noProxy))).map(({ id }) => kindOf(id)));
  for (const kind of ['file', 'package', 'symlink', 'unit'] as const)
    assert.ok(control.has(kind), `the control: a ${kind} is removed`);
});

test('says something about each resource, once', () => {
  fc.assert(
    fc.property(damage, (what) => {
      const plan = damaged(what).plan(whole);
      assert.equal(
        plan.changes.map(({ id }) => id),
        whole.resources.map(({ id }) => id),
      );
      for (const { reason } of plan.changes) assert.match(reason, /^\w.* \w/);
    }),
    { numRuns: 40 },
  );
});

test('is seen to fail by these properties: a host that forgets its record does not converge', () => {
  const host = new ModelHost();
  host.converge(whole);
  const lines: RecordLine[] = host.lines;
  host.lines = [];
  assert.not.ok(isEmpty(host.plan(whole)));
  host.lines = lines;
  assert.ok(isEmpty(host.plan(whole)));
});

test.run();
