import * as assert from 'uvu/assert';
import type { Plan } from '../../src/plan/change.ts';
import { afterDatabase, changesRelease, points, together } from '../../src/plan/together.ts';
import { step } from '../../src/resources/step.ts';
import { suite } from '../support/suite.ts';

const test = suite('plans that are carried out together');

const planOf = (...operations: Parameters<typeof step>[0][]): Plan => ({
  format: 1,
  project: 'notes',
  environment: 'production',
  host: 'web-1',
  serial: 0,
  changes: [],
  activations: [],
  steps: operations.map((op) => ({ ...step(op, [], op), subject: 'release:notes', before: [], after: [], undo: [] })),
  expectations: [],
});

test('wait before a release starts, before it goes live, and before the old one is drained', () => {
  const plan = planOf(
    'release_stage',
    'release_migrate',
    'release_ready',
    'release_switch',
    'http_check',
    'release_drain',
  );
  const steps = together(plan).steps.map(({ op, args }) => (op === 'hold' ? args[0] : op));
  assert.equal(steps, [
    ...['release_stage', 'release_migrate', 'staged', 'release_ready', 'ready', 'release_switch'],
    ...['http_check', 'healthy', 'release_drain'],
  ]);
  assert.equal(points, ['staged', 'ready', 'healthy']);
  assert.ok(together(plan).steps.every(({ op, reversible }) => op !== 'hold' || reversible));
});

test('wait for a database on another host before anything asks it, and once', () => {
  const names = (plan: Plan) => plan.steps.map(({ op, args }) => (op === 'hold' ? args[0] : op));
  const plan = planOf('release_stage', 'release_migrate', 'release_ready', 'release_switch');
  assert.equal(names(afterDatabase(plan)), [
    ...['release_stage', 'database', 'release_migrate', 'release_ready', 'release_switch'],
  ]);
  const both = names(together(afterDatabase(plan)));
  assert.equal(both.slice(0, 5), ['release_stage', 'database', 'release_migrate', 'staged', 'release_ready']);
  const without = planOf('file');
  assert.is(afterDatabase(without), without);
});

test('stay as they are where the release does not change', () => {
  const plan = planOf('file', 'release_start', 'release_drain');
  assert.not(changesRelease(plan));
  assert.is(together(plan), plan);
});

test.run();
