/** What is taken over, protected, removed by a token, and guarded against being removed at all. */
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { blockers, isApplicable, isEmpty, isGuarded, type Plan } from '../../src/plan/change.ts';
import { noPermission } from '../../src/plan/permission.ts';
import { makePlan } from '../../src/plan/plan.ts';
import type { HostRecord } from '../../src/plan/record.ts';
import { type Consent, noConsent, strayTokens } from '../../src/plan/tokens.ts';
import type { PathState } from '../../src/resources/observed.ts';
import { suite } from '../support/suite.ts';
import { edits, manifest, type Variation } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const test = suite('ownership');
const whole = manifest();
const tmpfiles = '/etc/tmpfiles.d/notes.conf';
const site = '/etc/nginx/sites-available/notes.conf';
const adoptAll: Consent = { ...noConsent, adopt: true };
const foreign: PathState = {
  type: 'file',
  mode: '600',
  owner: 'www-data',
  group: 'adm',
  sha256: 'f'.repeat(64),
  size: 9,
};

const change = (plan: Plan, id: string) => plan.changes.find((one) => one.id === id)!;
const ops = (plan: Plan) => plan.steps.map(({ op, args }) => `${op} ${args[0] ?? ''}`.trim());
const without = (one: HostManifest, ...ids: readonly string[]): HostManifest => ({
  ...one,
  resources: one.resources
    .filter(({ id }) => !ids.includes(id))
    .map((resource) => ({
      ...resource,
      needs: resource.needs.filter((need) => !ids.includes(need)),
      ...('inputs' in resource ? { inputs: resource.inputs.filter(({ id }) => !ids.includes(id)) } : {}),
    })),
});

function converged(variation: Variation = {}): ModelHost {
  const host = new ModelHost();
  host.converge(manifest(variation));
  return host;
}

/** A bare host on which somebody has a file in the way. */
function occupied(state: PathState = foreign): ModelHost {
  const host = new ModelHost();
  host.paths.set(tmpfiles, state);
  return host;
}

test('a file in the way is taken over when that is allowed, and kept before anything takes its place', () => {
  assert.is(blockers(occupied().plan(whole)).length, 1, 'the control');
  const host = occupied();
  const plan = host.converge(whole, adoptAll);
  const { action, class: changeClass, reason } = change(plan, `file:${tmpfiles}`);
  assert.equal([action, changeClass], ['update', 'adopt']);
  assert.match(reason, 'is taken over');
  const kept = ops(plan).indexOf(`keep_original ${tmpfiles}`);
  assert.is(ops(plan)[kept + 1], `file ${tmpfiles}`);
  assert.ok(plan.steps[kept]?.reversible);
  assert.equal(plan.steps[kept]?.before, [], 'the record claims nothing before the original is safe');
  assert.equal(
    plan.expectations.filter(({ path }) => path === tmpfiles),
    [{ path: tmpfiles, was: 'f'.repeat(64) }],
  );
  assert.ok(isEmpty(host.plan(whole)));
});

test('what is in a file of somebody else is in no plan, until it is to be taken over', () => {
  for (const content of ['CANARY\n', undefined]) {
    const host = occupied({ ...foreign, ...(content === undefined ? {} : { content }) });
    const plan = host.plan(whole);
    const { class: changeClass, attributes } = change(plan, `file:${tmpfiles}`);
    assert.is(changeClass, 'conflict');
    assert.equal(attributes.find(({ name }) => name === 'mode')?.before, '600', 'its mode is told');
    assert.not.match(JSON.stringify(plan), /CANARY|f{64}/);
    assert.match(JSON.stringify(host.plan(whole, adoptAll)), content ? 'CANARY' : /f{64}/, 'the control');
  }
});

test('what another project on the host has is taken over by nobody', () => {
  const host = occupied();
  const seen = host.observed(whole);
  const allowed = { ...noPermission, adopt: true } as const;
  const planWith = (neighbours: ReadonlyMap<string, string>) =>
    makePlan(whole, { ...seen, facts: { ...seen.facts, neighbours } }, host.record(), allowed);
  const plan = planWith(new Map([[tmpfiles, 'shop']]));
  assert.is(change(plan, `file:${tmpfiles}`).class, 'conflict');
  assert.match(change(plan, `file:${tmpfiles}`).reason, 'belongs to the project shop on this host');
  assert.is(blockers(plan).length, 1);
  assert.equal(blockers(planWith(new Map([['/etc/other', 'shop']]))), [], 'the control');
});

test('an equal file of another project is a conflict too, and is not removed from under it', () => {
  const host = converged();
  const seen = host.observed(whole);
  const plan = (record: HostRecord, wanted: HostManifest, neighbours: ReadonlyMap<string, string>) =>
    change(
      makePlan(wanted, { ...seen, facts: { ...seen.facts, neighbours } }, record, noPermission),
      `file:${tmpfiles}`,
    );
  const shop = new Map([[tmpfiles, 'shop']]);
  const [known, unknown] = [host.record(), new ModelHost().record()];
  assert.equal([plan(unknown, whole, shop).class, plan(unknown, whole, shop).action], ['conflict', 'none']);
  assert.is(plan(unknown, whole, new Map()).class, 'adopt', 'the control');
  const smaller = without(whole, `file:${tmpfiles}`);
  assert.equal(
    [plan(known, smaller, shop).action, plan(known, smaller, shop).reason.includes('project shop')],
    ['keep', true],
  );
  assert.is(plan(known, smaller, new Map()).action, 'delete', 'the control');
});

test('what was taken over comes back when it leaves the file', () => {
  const host = occupied();
  host.converge(whole, adoptAll);
  const smaller = without(whole, `file:${tmpfiles}`);
  const plan = host.converge(smaller);
  assert.equal(
    [change(plan, `file:${tmpfiles}`).action, change(plan, `file:${tmpfiles}`).reason],
    ['delete', 'deploy.yaml no longer names it; what was there before comes back'],
  );
  assert.equal(host.paths.get(tmpfiles), foreign);
  assert.ok(isEmpty(host.plan(smaller)));
  assert.not.ok(host.record().resources.has(`file:${tmpfiles}`));
});

test('an apply that ends at any step of an adoption loses nothing', () => {
  const planned = occupied().plan(whole, adoptAll);
  const kept = ops(planned).indexOf(`keep_original ${tmpfiles}`);
  const smaller = without(whole, `file:${tmpfiles}`);
  for (const stop of [kept - 1, kept, kept + 1, kept + 2, planned.steps.length]) {
    for (const torn of [false, true]) {
      const host = occupied();
      host.apply(host.plan(whole, adoptAll), whole, stop, torn);
      host.converge(whole, adoptAll);
      assert.ok(isEmpty(host.plan(whole)), `stopped before step ${stop + 1}`);
      host.converge(smaller);
      assert.equal(host.paths.get(tmpfiles), foreign, `stopped before step ${stop + 1}, torn: ${torn}`);
    }
  }
});

test('only what is named is taken over, by its path or its id', () => {
  const both = () => {
    const host = occupied();
    host.paths.set('/etc/nginx', { type: 'directory', mode: '755', owner: 'root', group: 'root' });
    host.paths.set('/etc/nginx/sites-available', { type: 'directory', mode: '755', owner: 'root', group: 'root' });
    host.paths.set(site, foreign);
    return host;
  };
  const blocked = (adopt: Consent['adopt']) =>
    blockers(both().plan(whole, { ...noConsent, adopt })).map(({ name }) => name);
  assert.equal(blocked([]).sort(), [site, tmpfiles].sort());
  assert.equal(blocked([site]), [tmpfiles]);
  assert.equal(blocked([`file:${tmpfiles}`]), [site]);
  assert.equal(blocked(true), []);
  assert.equal(blocked(['/etc/elsewhere']).length, 2);
});

test('a directory in the place of a file, or a device, cannot be taken over', () => {
  for (const type of ['directory', 'other'] as const) {
    const plan = occupied({ type, mode: '755', owner: 'root', group: 'root' }).plan(whole, adoptAll);
    assert.is(change(plan, `file:${tmpfiles}`).class, 'conflict');
    assert.match(change(plan, `file:${tmpfiles}`).reason, 'move it out of the way');
  }
});

test('a directory that is taken over gets its owner and mode back', () => {
  const host = new ModelHost();
  host.paths.set('/srv/notes', { type: 'directory', mode: '1777', owner: 'www-data', group: 'adm' });
  const plan = host.converge(whole, adoptAll);
  assert.is(change(plan, 'directory:/srv/notes').class, 'adopt');
  const inside = whole.resources.flatMap(({ id, needs }) => (needs.includes('directory:/srv/notes') ? [id] : []));
  const smaller = without(whole, 'directory:/srv/notes', ...inside);
  host.apply(host.plan(smaller), smaller);
  const { mode, owner } = host.paths.get('/srv/notes')!;
  assert.equal([mode, owner], ['1777', 'www-data']);
});

test('an account or a database that is taken over is changed, and stays without a token', () => {
  const host = converged();
  for (const id of ['postgres-database:notes', 'user:notes']) host.lines.push({ id, gone: true });
  host.databases.set('notes', { owner: 'postgres' });
  host.users.set('notes', { group: 'adm', home: '/', shell: '/bin/sh' });
  assert.is(blockers(host.plan(whole)).length, 2, 'the control');
  const plan = host.converge(whole, adoptAll);
  assert.not.ok(ops(plan).some((op) => op.startsWith('keep_original')));
  assert.equal(host.databases.get('notes'), { owner: 'notes-owner' });
  const later = host.plan(manifest(edits.noDatabase));
  assert.is(change(later, 'postgres-database:notes').action, 'keep');
  assert.is(change(later, 'postgres-database:notes').token, undefined);
  assert.match(change(later, 'postgres-database:notes').reason, 'was there before this project');
});

test("a database that could not be looked at when it was made is the project's own", () => {
  const host = new ModelHost();
  for (const key of ['roles:notes', 'databases:notes']) host.unreadable.set(key, 'the server is down');
  host.converge(whole);
  host.unreadable.clear();
  assert.is(host.record().resources.get('postgres-database:notes')?.origin, 'created');
  const later = host.plan(manifest(edits.noDatabase));
  assert.ok(change(later, 'postgres-database:notes').token);
});

const protecting = (protect: string) =>
  ({ replace: [[/^name: notes$/m, `name: notes\nprotect: ['${protect}']`]] }) as const;

test('what is protected outlives its own key and that of its protection', () => {
  const host = converged(protecting(`file:${tmpfiles}`));
  assert.is(host.record().resources.get(`file:${tmpfiles}`)?.protect, true);
  const smaller = without(whole, `file:${tmpfiles}`);
  const plan = host.converge(smaller);
  assert.is(change(plan, `file:${tmpfiles}`).action, 'keep');
  assert.match(change(plan, `file:${tmpfiles}`).reason, 'it is protected: put it back, apply once without');
  assert.ok(host.paths.has(tmpfiles));
  assert.ok(isEmpty(host.plan(smaller)), 'and that is no change for ever');
  const unprotected = converged();
  unprotected.converge(smaller);
  assert.not.ok(unprotected.paths.has(tmpfiles), 'the control');
});

test('protection is given and taken by applies of their own, which say so', () => {
  const host = converged();
  const on = manifest(protecting('file:/etc/tmpfiles.d/*'));
  const given = host.converge(on);
  const { action, reason } = change(given, `file:${tmpfiles}`);
  assert.equal([action, reason], ['adopt', 'is as it should be; it will be protected']);
  assert.ok(isEmpty(host.plan(on)));
  const taken = host.converge(whole);
  assert.match(change(taken, `file:${tmpfiles}`).reason, 'it will no longer be protected');
  assert.ok(isEmpty(host.plan(whole)));
  host.converge(without(whole, `file:${tmpfiles}`));
  assert.not.ok(host.paths.has(tmpfiles));
});

test('a protected unit that left the file is no reason to reload systemd for ever', () => {
  const unit = 'file:/etc/systemd/system/notes-blue@.service';
  const host = converged(protecting(unit));
  const smaller = without(whole, unit);
  host.converge(smaller);
  assert.ok(isEmpty(host.plan(smaller)), JSON.stringify(ops(host.plan(smaller))));
});

test('what holds data goes by its token alone, and what needs it goes first', () => {
  const host = converged();
  const smaller = manifest(edits.noDatabase);
  host.converge(smaller);
  const plan = host.plan(smaller);
  const token = (id: string) => change(plan, id).token ?? '';
  const [database, role] = [token('postgres-database:notes'), token('postgres-role:notes')];
  assert.match(database, /^[0-9a-f]{8}$/);
  assert.is.not(database, role);
  const early = host.plan(smaller, { ...noConsent, remove: [role] });
  assert.match(change(early, 'postgres-role:notes').reason, 'postgres-database notes needs it');
  assert.not.ok(ops(early).includes('postgres_role_drop notes'));
  const all = host.converge(smaller, { ...noConsent, remove: [role, database] });
  assert.equal(ops(all), ['postgres_database_drop notes', 'postgres_role_drop notes']);
  assert.ok(all.steps.every(({ reversible }) => !reversible));
  assert.not.ok(host.databases.has('notes') || host.roles.has('notes'));
  assert.ok(isEmpty(host.plan(smaller)));
});

test('a program, its accounts and its releases go by their tokens, in an order that works', () => {
  const host = converged({ replace: edits.noProxy.replace });
  const smaller = manifest({ replace: edits.noProxy.replace, roles: 'database' });
  host.converge(smaller, { ...noConsent, prune: [host.plan(smaller).guard?.token ?? ''] });
  const tokens = (plan: Plan) => plan.changes.flatMap(({ token }) => token ?? []);
  const stuck = host.plan(smaller, { ...noConsent, remove: [change(host.plan(smaller), 'user:notes').token ?? ''] });
  assert.match(change(stuck, 'user:notes').reason, 'release notes needs it');
  assert.not.ok(ops(stuck).includes('user_remove notes'));
  const plan = host.converge(smaller, { ...noConsent, remove: tokens(host.plan(smaller)), prune: [] });
  const at = ['release_remove notes', 'user_remove notes', 'group_remove notes'].map((op) => ops(plan).indexOf(op));
  assert.ok(
    at.every((place) => place >= 0),
    ops(plan).join(', '),
  );
  assert.equal(
    at,
    [...at].sort((a, b) => a - b),
  );
  assert.not.ok(host.users.has('notes'));
});

test('a token of another state does not count, and is refused', () => {
  const host = converged();
  const smaller = manifest(edits.noDatabase);
  host.converge(smaller);
  const token = change(host.plan(smaller), 'postgres-database:notes').token!;
  const consent: Consent = { ...noConsent, remove: [token] };
  assert.equal(strayTokens([host.plan(smaller)], consent), [], 'the control');
  host.paths.delete(tmpfiles);
  const plan = host.plan(smaller, consent);
  assert.is(change(plan, 'postgres-database:notes').action, 'keep');
  assert.equal(strayTokens([host.plan(smaller)], consent), [token]);
});

test('a manifest that lost most of what there was is refused until its token is given', () => {
  const host = converged();
  const nothing = { ...whole, resources: [] };
  const plan = host.plan(nothing);
  assert.ok(isGuarded(plan) && !isApplicable(plan));
  assert.ok(plan.guard!.removes > 5 && plan.guard!.of === whole.resources.length);
  const allowed = host.plan(nothing, { ...noConsent, prune: [plan.guard!.token!] });
  assert.ok(!isGuarded(allowed) && isApplicable(allowed));
  assert.ok(isGuarded(host.plan(nothing, { ...noConsent, prune: ['00000000'] })));
  assert.equal(strayTokens([plan], { ...noConsent, prune: ['00000000'] }), ['00000000']);
  for (const edit of [edits.noProxy, edits.noDatabase, {}])
    assert.not.ok(isGuarded(converged().plan(manifest(edit))), 'the control');
});

test('a plan that removes too much only because tokens ask for it can be allowed', () => {
  const host = converged();
  const nothing = { ...whole, resources: [] };
  host.converge(nothing, { ...noConsent, prune: [host.plan(nothing).guard?.token ?? ''] });
  const bare = host.plan(nothing);
  assert.is(bare.guard, undefined, 'the control: what is left stays by itself');
  const remove = bare.changes.flatMap(({ token }) => token ?? []);
  const asked = host.plan(nothing, { ...noConsent, remove });
  assert.ok(isGuarded(asked));
  const consent = { ...noConsent, remove, prune: [asked.guard?.token ?? ''] };
  assert.equal(strayTokens([bare], consent), []);
  assert.ok(isApplicable(host.plan(nothing, consent)));
  assert.equal(strayTokens([bare], { ...noConsent, prune: ['00000000'] }), ['00000000'], 'the control');
});

test('fewer than five removals are no mass, unless they are all that there is', () => {
  const few = whole.resources.filter(({ kind, needs }) => kind === 'package' && needs.length === 0).slice(0, 4);
  const host = new ModelHost();
  host.converge({ ...whole, resources: few });
  const left = (count: number) => ({ ...whole, resources: few.slice(0, count) });
  assert.not.ok(isGuarded(host.plan(left(1))));
  assert.equal(
    host.plan(left(0)).guard?.removes,
    few.length - few.filter((one) => 'retain' in one && one.retain).length,
  );
});

test('a text that gets a secret, or loses it, stays the same path', () => {
  const file = whole.resources.find(({ id }) => id === `file:${tmpfiles}`)!;
  const { kind: _kind, id: _id, ...rest } = file as Extract<typeof file, { kind: 'file' }>;
  const secret = { ...rest, kind: 'secret-file', id: `secret-file:${tmpfiles}`, digests: '' } as const;
  const other = { ...whole, resources: whole.resources.map((one) => (one === file ? secret : one)) };
  const host = converged();
  const seen = () => {
    const state = host.paths.get(tmpfiles)!;
    const { type, mode, owner, group } = state;
    host.secretFiles.set(tmpfiles, host.secretFiles.get(tmpfiles) ?? { type, mode, owner, group, digest: 'keyed:a' });
  };
  seen();
  const plan = host.converge(other);
  assert.equal(blockers(plan), []);
  assert.equal(ops(plan), [`secret_file ${tmpfiles}`]);
  assert.equal(
    [...host.record().resources.keys()].filter((id) => id.endsWith(tmpfiles)),
    [`secret-file:${tmpfiles}`],
  );
  assert.ok(isEmpty(host.plan(other)));
  host.paths.set(tmpfiles, { ...host.paths.get(tmpfiles)!, sha256: 'e'.repeat(64), content: 'CANARY\n' });
  const back = host.plan(whole);
  assert.not.match(JSON.stringify(back), /CANARY|e{64}/);
  assert.equal(ops(back), [`file ${tmpfiles}`]);
  assert.match(back.expectations[0]!.was, /./);
  host.lines.push({ id: `secret-file:${tmpfiles}`, gone: true });
  assert.match(JSON.stringify(host.plan(whole, adoptAll)), 'CANARY', 'the control');
});

test.run();
