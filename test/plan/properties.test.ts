/** What holds for every state of a host, tried on random ones. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { blockers, isEmpty, type Plan } from '../../src/plan/change.ts';
import type { RecordLine } from '../../src/plan/record.ts';
import { noConsent } from '../../src/plan/tokens.ts';
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
  'postgres-cluster': [(host, name) => host.clusters.delete(name)],
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

/** What can be typed beside, and what the record may say, of any resource. */
const anyIds = fc.subarray(
  whole.resources.map(({ id }) => id),
  { maxLength: 12 },
);
const paths = whole.resources.filter(({ kind }) => kind === 'file' || kind === 'symlink' || kind === 'directory');
const foreignFile = { type: 'file', mode: '600', owner: 'www-data', group: 'adm', sha256: 'f'.repeat(64) } as const;

/** A host whose record forgot some paths, with something of somebody else at the place of files and links. */
function taken(forgotten: readonly string[]): ModelHost {
  const host = new ModelHost();
  host.converge(whole);
  for (const id of forgotten) {
    host.lines.push({ id, gone: true });
    if (kindOf(id) === 'directory') repaint(host, nameOf(id), { mode: '1777', owner: 'www-data' });
    else if (kindOf(id) === 'file' || kindOf(id) === 'symlink') host.paths.set(nameOf(id), foreignFile);
  }
  return host;
}

test('leaves nothing to do once everything in the way is taken over, and nothing of it is lost', () => {
  fc.assert(
    fc.property(
      fc.subarray(
        paths.map(({ id }) => id),
        { maxLength: 8 },
      ),
      anyManifest,
      (forgotten, name) => {
        const host = taken(forgotten);
        const before = new Map(forgotten.map((id) => [id, host.paths.get(nameOf(id))!]));
        const wanted = manifests[name]!;
        const plan = host.converge(wanted, { ...noConsent, adopt: true });
        assert.equal(blockers(plan), []);
        assert.ok(isEmpty(host.plan(wanted)), JSON.stringify(host.plan(wanted).steps));
        const ids = new Set(wanted.resources.map(({ id }) => id));
        for (const [id, state] of before) {
          if (!ids.has(id))
            assert.equal(host.paths.get(nameOf(id)), state, `${id} is not the project's and is left alone`);
          else if (kindOf(id) !== 'directory') assert.equal(host.originals.get(nameOf(id)), state, `${id} is kept`);
          else assert.equal(host.record().resources.get(id)?.original?.mode, '1777', `${id} is remembered`);
        }
      },
    ),
    { numRuns: 25 },
  );
  assert.ok(blockers(taken(paths.map(({ id }) => id)).plan(whole)).length > 5, 'the control');
});

test('leaves nothing to do once all tokens were given, and only what has no other owner stays', () => {
  fc.assert(
    fc.property(damage, anyManifest, (what, name) => {
      const wanted = manifests[name]!;
      const host = damaged(what);
      host.converge(wanted);
      const remove = (plan: Plan) => plan.changes.flatMap(({ token }) => token ?? []);
      const plan = host.converge(wanted, { ...noConsent, remove: remove(host.plan(wanted)) });
      assert.equal(blockers(plan), []);
      const again = host.plan(wanted);
      assert.ok(isEmpty(again), JSON.stringify(again.steps));
      assert.equal(remove(again), []);
    }),
    { numRuns: 25 },
  );
  const host = damaged({});
  host.converge(manifests.noDatabase!);
  assert.ok(
    host.plan(manifests.noDatabase!).changes.some(({ token }) => token !== undefined),
    'the control',
  );
});

test('removes nothing that is protected, whatever is typed', () => {
  const removed = (host: ModelHost, wanted: HostManifest) => {
    const bare = host.plan(wanted);
    const remove = bare.changes.flatMap(({ token }) => token ?? []);
    return pruned(host.plan(wanted, { adopt: true, remove, prune: [bare.guard?.token ?? '00000000'] })).map(
      ({ id }) => id,
    );
  };
  fc.assert(
    fc.property(anyIds, anyManifest, (ids, name) => {
      const host = new ModelHost();
      host.converge(whole);
      host.lines = host.lines.map((line) =>
        'origin' in line && ids.includes(line.id) ? { ...line, protect: true } : line,
      );
      assert.equal(
        removed(host, manifests[name]!).filter((id) => ids.includes(id)),
        [],
      );
      const nothing = { ...whole, resources: [] };
      assert.equal(
        removed(host, nothing).filter((id) => ids.includes(id)),
        [],
      );
    }),
    { numRuns: 60 },
  );
  const host = new ModelHost();
  host.converge(whole);
  assert.ok(removed(host, { ...whole, resources: [] }).includes('postgres-database:notes'), 'the control');
});

test('never calls unchanged what could not be read, and plans nothing for it that does not look for itself', () => {
  const tables: Readonly<Record<string, string>> = {
    package: 'packages',
    group: 'groups',
    user: 'users',
    directory: 'paths',
    file: 'paths',
    symlink: 'paths',
    unit: 'units',
    'postgres-cluster': 'clusters',
    'postgres-role': 'roles',
    'postgres-database': 'databases',
  };
  const readable = whole.resources.filter(({ kind }) => tables[kind]).map(({ id }) => id);
  fc.assert(
    fc.property(fc.subarray(readable, { minLength: 1, maxLength: 8 }), damage, (ids, what) => {
      const host = damaged(what);
      for (const id of ids) host.unreadable.set(`${tables[kindOf(id)]}:${nameOf(id)}`, 'Permission denied');
      const plan = host.plan(whole);
      for (const id of ids) {
        const change = plan.changes.find((one) => one.id === id)!;
        assert.is(change.class, 'unknown', id);
        assert.is(change.action, ['postgres-role', 'postgres-database'].includes(kindOf(id)) ? 'update' : 'none', id);
      }
      assert.not.ok(isEmpty(plan));
      const acts = plan.steps.filter(({ op, subject }) => ids.includes(subject) && !op.startsWith('postgres'));
      assert.equal(
        acts.map(({ op }) => op).filter((op) => op !== 'validate' && op !== 'http_check'),
        [],
      );
    }),
    { numRuns: 60 },
  );
});

test('holds no text of a file that had secrets in it', () => {
  const texts = whole.resources.filter(({ kind }) => kind === 'file').map(({ id }) => id);
  const planned = (ids: readonly string[], mark: boolean) => {
    const host = new ModelHost();
    host.converge(whole);
    for (const id of ids) {
      repaint(host, nameOf(id), { sha256: 'c'.repeat(64), content: `PASSWORD=CANARY\n` });
      const line = host.lines.findLast((one) => 'origin' in one && one.id === id)!;
      if (mark) host.lines.push({ id, gone: true }, { ...line, id: `secret-${id}` } as RecordLine);
    }
    return JSON.stringify(host.plan(whole));
  };
  fc.assert(
    fc.property(fc.subarray(texts, { minLength: 1 }), (ids) => {
      assert.not.match(planned(ids, true), /CANARY|c{64}/);
      assert.match(planned(ids, false), 'CANARY', 'the control');
    }),
    { numRuns: 30 },
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
