/** What an edit of deploy.yaml, a hand on the host, or a leaving section makes of the plan. */
import * as assert from 'uvu/assert';
import { blockers, isEmpty, type Plan } from '../../src/plan/change.ts';
import { suite } from '../support/suite.ts';
import { edits, lineOf, manifest, type Variation } from './manifests.ts';
import { ModelHost } from './model-host.ts';
import { bareUnits } from './model-parts.ts';

const site = '/etc/nginx/sites-available/notes.conf';
const enabled = '/etc/nginx/sites-enabled/notes.conf';
const whole = manifest();
const test = suite('plans');

/** A host that has all of deploy.yaml. */
function converged(variation: Variation = {}): ModelHost {
  const host = new ModelHost();
  host.converge(manifest(variation));
  return host;
}

const done = (plan: Plan) =>
  plan.changes.filter(({ action }) => action !== 'none').map(({ action, id, class: c }) => `${action} ${id} ${c}`);
const ops = (plan: Plan) => plan.steps.map(({ op, args }) => [op, args[0] ?? ''].join(' ').trim());
const change = (plan: Plan, id: string) => plan.changes.find((one) => one.id === id)!;
const position = (plan: Plan, op: string) => plan.steps.findIndex((step) => step.op === op);

test('a bare host gets everything, and the next plan is empty', () => {
  const host = new ModelHost();
  const first = host.converge(whole);
  assert.is(first.changes.length, whole.resources.length);
  const found = first.changes.filter(({ action }) => action !== 'create');
  assert.equal(
    found.map(({ id, action }) => `${action} ${id}`).sort(),
    bareUnits.map((name) => `adopt unit:${name}`).sort(),
  );
  assert.not.ok(isEmpty(first), 'the control');
  const second = host.plan(whole);
  assert.ok(isEmpty(second));
  assert.equal(new Set(second.changes.map(({ reason }) => reason)), new Set(['is as it should be']));
});

test('an edit of one key changes one file, names that key and its line, and reloads nginx once', () => {
  const host = converged();
  const plan = host.plan(manifest(edits.bodyLimit));
  assert.equal(done(plan), [`update file:${site} change`]);
  assert.equal(change(plan, `file:${site}`).causes, [
    { key: 'proxy.bodyLimit', file: 'deploy.yaml', line: lineOf('bodyLimit:'), column: 3 },
  ]);
  assert.equal(plan.activations, [{ unit: 'nginx.service', verb: 'reload', reason: `${site} changed` }]);
  assert.equal(ops(plan), [
    'future nginx',
    `file ${site}`,
    'validate nginx',
    'unit_activate nginx.service',
    'http_check 80',
  ]);
});

test('a unit whose drop-in leaves restarts, and one that another input leaves reloads', () => {
  const host = converged();
  const inputs = new Set(
    whole.resources.flatMap((one) => (one.id === 'unit:nginx.service' && 'inputs' in one ? one.inputs : [])),
  );
  const withoutInput = (path: string) => {
    const gone = [...inputs].filter(({ id }) => id.endsWith(path)).map(({ id }) => id);
    assert.is(gone.length, 1, path);
    const resources = whole.resources.map((one) =>
      'inputs' in one ? { ...one, inputs: one.inputs.filter(({ id }) => !gone.includes(id)) } : one,
    );
    return host.plan({ ...whole, resources }).activations.map(({ unit, verb }) => `${verb} ${unit}`);
  };
  assert.equal(withoutInput('/etc/systemd/system/nginx.service.d/fairlead.conf'), ['restart nginx.service']);
  assert.equal(withoutInput(site), ['reload nginx.service'], 'the control');
});

test('the packet filter and the SSH server are judged before they take up a change', () => {
  const sshd = converged().plan(
    manifest({ replace: [[/^name: notes$/m, 'name: notes\nhost: {ssh: {harden: false}}']] }),
  );
  const dropIn = '/etc/ssh/sshd_config.d/00-fairlead.conf';
  assert.equal(ops(sshd), [
    'future sshd',
    `file ${dropIn}`,
    'validate sshd',
    'unit_activate ssh.service',
    'confirm 60',
  ]);
  assert.is(sshd.activations[0]?.verb, 'reload');
  const filter = converged().plan(
    manifest({ replace: [[/^name: notes$/m, 'name: notes\nhost: {firewall: {sshRate: 60}}']] }),
  );
  const rules = '/etc/fairlead/firewall.nft';
  assert.equal(ops(filter), [
    'future nftables',
    `file ${rules}`,
    'validate nftables',
    'unit_activate fairlead-firewall.service',
    'confirm 60',
  ]);
  assert.is(filter.activations[0]?.verb, 'reload');
});

test('a release names what it changes for: an environment variable, the number of instances, or else the source', () => {
  const release = (variation: Variation) => change(converged().plan(manifest(variation)), 'release:notes');
  const keys = (variation: Variation) => [...new Set(release(variation).causes.map(({ key }) => key))];
  assert.equal(keys({ replace: [[/LOG_LEVEL: info/, 'LOG_LEVEL: warn']] }), ['app.env.LOG_LEVEL']);
  assert.equal(keys({ replace: [[/instances: 2/, 'instances: 3']] }), ['app.instances']);
  assert.equal(keys({ source: 'another' }), ['app.source']);
});

test('an edit by hand is drift, shows both texts and is taken back', () => {
  const host = converged();
  const state = host.paths.get(site)!;
  host.paths.set(site, { ...state, sha256: 'f'.repeat(64), content: 'by hand\n' });
  const plan = host.converge(whole);
  assert.equal(done(plan), [`update file:${site} drift`]);
  assert.match(change(plan, `file:${site}`).reason, 'content changed on the host since the last apply');
  assert.is(change(plan, `file:${site}`).text?.before, 'by hand\n');
  assert.equal(plan.expectations, [{ path: site, was: 'f'.repeat(64) }]);
  assert.ok(isEmpty(host.plan(whole)));
});

test('a removed file is made again', () => {
  const host = converged();
  host.paths.delete('/etc/tmpfiles.d/notes.conf');
  const plan = host.converge(whole);
  assert.equal(done(plan), ['create file:/etc/tmpfiles.d/notes.conf drift']);
  assert.equal(plan.expectations, [{ path: '/etc/tmpfiles.d/notes.conf', was: 'absent' }]);
  assert.ok(isEmpty(host.plan(whole)));
});

test('a link that points elsewhere is put back, and nginx takes it up', () => {
  const host = converged();
  host.paths.set(enabled, { ...host.paths.get(enabled)!, target: '/dev/null' });
  const plan = host.converge(whole);
  assert.equal(done(plan), [`update symlink:${enabled} drift`]);
  assert.is(plan.activations[0]?.verb, 'reload');
  assert.is(host.taken.get('nginx.service'), host.configuration());
});

test('a foreign file in the way blocks, and nothing is planned for it', () => {
  const host = new ModelHost();
  host.paths.set('/etc/tmpfiles.d/notes.conf', {
    type: 'file',
    mode: '644',
    owner: 'root',
    group: 'root',
    sha256: '0',
  });
  const plan = host.plan(whole);
  assert.equal(
    blockers(plan).map(({ id }) => id),
    ['file:/etc/tmpfiles.d/notes.conf'],
  );
  assert.not.ok(plan.steps.some(({ args }) => args.includes('/etc/tmpfiles.d/notes.conf')));
  assert.equal(blockers(new ModelHost().plan(whole)), [], 'the control');
});

test('what cannot be read blocks, unless its step looks for itself', () => {
  const host = converged();
  host.unreadable.set(`paths:${site}`, 'Permission denied');
  host.unreadable.set('roles:notes', 'the server is down');
  const plan = host.plan(whole);
  assert.equal(
    blockers(plan).map(({ id }) => id),
    [`file:${site}`],
  );
  assert.not.ok(isEmpty(plan));
  assert.ok(ops(plan).includes('postgres_role notes'));
});

test('a reload that was cut off is planned again although no file differs, and as a reload', () => {
  const host = converged();
  const edited = manifest(edits.bodyLimit);
  const cutOff = host.plan(edited);
  host.apply(cutOff, edited, position(cutOff, 'unit_activate'), true);
  const plan = host.plan(edited);
  assert.equal(done(plan), []);
  assert.equal(plan.activations, [{ unit: 'nginx.service', verb: 'reload', reason: `${site} changed` }]);
  host.apply(plan, edited);
  assert.ok(isEmpty(host.plan(edited)));
});

test('nothing is known of a unit whose note was lost: all that it needs is done', () => {
  const host = converged();
  host.lines.push({ activation: 'nginx.service', inputs: null });
  const plan = host.plan(whole);
  assert.is(plan.activations[0]?.verb, 'restart', 'one of its inputs asks for a restart');
  host.apply(plan, whole);
  assert.ok(isEmpty(host.plan(whole)));
});

test('a section that leaves the file takes its site, its link and its package along, in a safe order', () => {
  const host = converged();
  const without = manifest(edits.noProxy);
  const plan = host.converge(without);
  const order = ['path_remove', 'validate', 'unit_leave', 'package_remove'].map((op) => position(plan, op));
  assert.ok(order.every((at) => at >= 0));
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.equal(plan.steps.find(({ op }) => op === 'path_remove')?.args, [enabled], 'the link goes before the file');
  for (const path of [site, enabled]) assert.not.ok(host.paths.has(path));
  assert.not.ok(host.packages.has('nginx'));
  assert.ok(isEmpty(host.plan(without)));
});

test('what was there before the project stays when its section leaves, and the next plan is empty', () => {
  const host = new ModelHost();
  host.packages.add('nginx');
  host.paths.set('/etc/nginx', { type: 'directory', mode: '755', owner: 'root', group: 'root' });
  for (const path of ['/etc/nginx/sites-available', '/etc/nginx/sites-enabled', '/var/log/nginx'])
    host.paths.set(path, host.paths.get('/etc')!);
  host.start('nginx.service');
  assert.ok(done(host.converge(whole)).includes('adopt package:nginx adopt'));
  const without = manifest(edits.noProxy);
  const plan = host.converge(without);
  assert.is(change(plan, 'package:nginx').action, 'keep');
  assert.match(change(plan, 'package:nginx').reason, 'was there before this project');
  assert.ok(host.packages.has('nginx') && host.units.has('nginx.service'));
  assert.is(host.taken.get('nginx.service'), host.configuration(), 'nginx let go of the site');
  assert.ok(isEmpty(host.plan(without)));
});

test('what holds data stays when its section leaves, says so, and is no change for ever', () => {
  const host = converged();
  const without = manifest(edits.noDatabase);
  const plan = host.converge(without);
  for (const id of ['postgres-database:notes', 'postgres-role:notes', 'package:postgresql']) {
    assert.is(change(plan, id).action, 'keep', id);
    assert.match(change(plan, id).reason, /it stays: .*data/);
  }
  assert.ok(host.databases.has('notes'));
  assert.ok(isEmpty(host.plan(without)));
});

test('a stopped server of a section that left does not block', () => {
  const host = converged();
  const without = manifest(edits.noDatabase);
  host.converge(without);
  host.unreadable.set('roles:notes', 'the server is down').set('databases:notes', 'the server is down');
  assert.equal(blockers(host.plan(without)), []);
});

test('a host that no longer runs the program keeps the user and group of the release that stays', () => {
  const host = converged({ replace: edits.noProxy.replace });
  const plan = host.plan(manifest({ replace: edits.noProxy.replace, roles: 'database' }));
  assert.is(change(plan, 'release:notes').action, 'keep', 'the control');
  assert.is(position(plan, 'user_remove'), -1, 'its processes run as this user');
  assert.is(position(plan, 'group_remove'), -1);
});

test('a new source goes live in the other slot, and the old one is drained last', () => {
  const host = converged();
  assert.is(host.live('notes'), 'blue');
  const plan = host.converge(manifest(edits.otherSource));
  assert.equal(done(plan), ['update release:notes change']);
  assert.is(host.live('notes'), 'green');
  assert.is(plan.steps.at(-1)?.op, 'release_drain');
  assert.equal(
    [...host.units.keys()].filter((unit) => /^notes-.*@/.test(unit)),
    host.instances('notes', 'green', 2),
  );
});

test('a smaller number of instances is taken out of nginx before they are drained', () => {
  const host = converged();
  const fewer = manifest(edits.oneInstance);
  const plan = host.converge(fewer);
  assert.ok(position(plan, 'unit_activate') < position(plan, 'release_drain'));
  assert.ok(isEmpty(host.plan(fewer)));
});

test.run();
