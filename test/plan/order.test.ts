/** The order of steps, and that a plan is one and the same text whenever it is made. */
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import type { Plan } from '../../src/plan/change.ts';
import { makePlan } from '../../src/plan/plan.ts';
import type { Observed } from '../../src/resources/observed.ts';
import { suite } from '../support/suite.ts';
import { edits, manifest } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const whole = manifest();
const test = suite('the order of a plan');

const all = (plan: Plan, op: string) => plan.steps.flatMap((step, index) => (step.op === op ? [index] : []));
const first = (plan: Plan) => new Map(plan.steps.map(({ subject }, index) => [subject, index] as const).reverse());

/** Pairs of resources whose steps stand the wrong way round. */
function brokenNeeds(plan: Plan, { resources }: HostManifest): string[] {
  const at = first(plan);
  const needs = resources.flatMap(({ id, needs }) => needs.map((need) => [id, need] as const));
  return needs.filter(([id, need]) => (at.get(id) ?? 1e9) < (at.get(need) ?? -1)).map((pair) => pair.join(' before '));
}

/** A plan without the checks, which stand apart from what their unit does. */
const stepsOf = (plan: Plan): Plan => ({
  ...plan,
  steps: plan.steps.filter(({ op }) => !['validate', 'future', 'confirm', 'http_check'].includes(op)),
});

const plans = [
  ['a bare host', new ModelHost().plan(whole)],
  ...Object.entries(edits).map(([name, variation]) => {
    const host = new ModelHost();
    host.converge(whole);
    return [name, host.plan(manifest(variation))] as const;
  }),
] as const;

for (const [name, plan] of plans) {
  test(`is safe: ${name}`, () => {
    const [validated = Number.NaN] = all(plan, 'validate');
    const [judged = Number.NaN] = all(plan, 'future');
    const taken = [...all(plan, 'unit_activate'), ...all(plan, 'unit_leave')];
    const nginx = taken.filter((at) => plan.steps[at]?.args[0] === 'nginx.service');
    assert.ok(nginx.every((at) => validated < at));
    const written = [...all(plan, 'file'), ...all(plan, 'symlink'), ...all(plan, 'path_remove')];
    if (nginx.length > 0) assert.ok(written.every((at) => at < validated));
    // What is judged is written afterwards only; packages and folders that the judges need are there before.
    const configured = written.filter((at) => /^\/etc\/(nginx|ssh|sudoers)/.test(plan.steps[at]?.args[0] ?? ''));
    assert.ok(configured.every((at) => judged < at));
    assert.ok([...all(plan, 'package_install'), ...all(plan, 'directory')].every((at) => !(at > judged)));
    for (const at of all(plan, 'release_switch')) {
      assert.ok(all(plan, 'daemon_reload').every((reload) => reload < at));
      assert.equal(all(plan, 'release_ready'), [at - 1]);
      assert.ok(all(plan, 'release_migrate').every((migrate) => migrate < at - 1));
      // Whatever may fail comes before the old release is drained: until then there is a way back. What is only attempted has none.
      const attempts = all(plan, 'unit_attempt');
      assert.equal([...all(plan, 'release_drain'), ...attempts], [...plan.steps.keys()].slice(-1 - attempts.length));
    }
  });
}

test('brings what ends a cut-off apply before anything that it would have to put back', () => {
  const [, plan] = plans[0];
  const at = (path: string) => plan.steps.findIndex(({ args }) => args[0]?.endsWith(path));
  const link = at('multi-user.target.wants/fairlead-notes-recover.service');
  assert.ok(link > 0 && link < all(plan, 'future')[0]!);
  assert.ok(all(plan, 'unit_activate').every((activation) => link < activation));
});

test('installs all packages in one go, and before it writes only what they need', () => {
  const [, plan] = plans[0];
  const [at = -1, ...others] = all(plan, 'package_install');
  assert.equal(others, []);
  const install = plan.steps[at]!;
  assert.equal(
    plan.steps.slice(0, at).map(({ subject }) => subject),
    [
      'directory:/etc/postgresql-common',
      'directory:/etc/postgresql-common/createcluster.d',
      'file:/etc/postgresql-common/createcluster.d/notes.conf',
    ],
  );
  const packages = manifest().resources.flatMap((one) => (one.kind === 'package' ? [one.name] : []));
  assert.ok(packages.includes('nginx') && packages.includes('postgresql'));
  assert.equal([...install.args].sort(), packages.sort());
  assert.equal(
    install.before.map((line) => 'id' in line && line.id).sort(),
    packages.map((name) => `package:${name}`),
  );
});

test('respects what each resource needs', () => {
  const plan = stepsOf(plans[0][1]);
  assert.equal(brokenNeeds(plan, whole), []);
  assert.ok(brokenNeeds({ ...plan, steps: [...plan.steps].reverse() }, whole).length > 0, 'the control');
});

test('is the same to the byte over two runs, and whatever the order of what was read', () => {
  const host = new ModelHost();
  host.converge(whole);
  host.paths.delete('/etc/tmpfiles.d/notes.conf');
  const edited = manifest(edits.oneInstance);
  const observed = host.observed(edited);
  const text = (seen: Observed) => JSON.stringify(makePlan(edited, seen, host.record()));
  assert.is(text(observed), text(observed));
  assert.is(text(observed), JSON.stringify(makePlan(manifest(edits.oneInstance), observed, host.record())));
  const tables = Object.entries(observed).map(([name, table]) => [
    name,
    table instanceof Map ? new Map([...table].reverse()) : table,
  ]);
  assert.is(text(Object.fromEntries(tables) as Observed), text(observed));
  host.paths.delete('/etc/fairlead/notes/app.env');
  assert.is.not(text(host.observed(edited)), text(observed), 'the control');
});

test('survives JSON', () => {
  for (const [name, plan] of plans) assert.equal(JSON.parse(JSON.stringify(plan)), plan, name);
});

test('holds no content of a file among its steps', () => {
  const [, plan] = plans[0];
  assert.not.match(JSON.stringify(plan.steps), 'LOG_LEVEL');
  assert.match(JSON.stringify(plan.changes), 'LOG_LEVEL', 'the control');
});

test.run();
