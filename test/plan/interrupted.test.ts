/** An apply that stops after any step, with or without the record lines of the next one, is completed by the next apply. */
import * as assert from 'uvu/assert';
import { isEmpty } from '../../src/plan/change.ts';
import { suite } from '../support/suite.ts';
import { edits, manifest, type Variation } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const whole = manifest();
const test = suite('an interrupted apply');

const cases: readonly (readonly [string, readonly Variation[], Variation])[] = [
  ['to a bare host', [], {}],
  ['of an edited key', [{}], edits.bodyLimit],
  ['of a new source', [{}], edits.otherSource],
  ['of fewer instances', [{}], edits.oneInstance],
  ['that removes the proxy', [{}], edits.noProxy],
  ['that removes the database', [{}], edits.noDatabase],
  ['that brings the proxy back', [{}, edits.noProxy], {}],
];

function hostAfter(history: readonly Variation[]): ModelHost {
  const host = new ModelHost();
  for (const variation of history) host.converge(manifest(variation));
  return host;
}

for (const [name, history, variation] of cases) {
  test(`${name} converges from every step`, () => {
    const wanted = manifest(variation);
    const planned = hostAfter(history).plan(wanted).steps;
    const steps = planned.length;
    const matters = (stop: number) => planned.slice(stop).some(({ op }) => !['release_drain', 'confirm'].includes(op));
    assert.ok(steps > 3, 'there is something to interrupt');
    for (let stop = 0; stop < steps; stop += 1) {
      for (const torn of [false, true]) {
        const host = hostAfter(history);
        host.apply(host.plan(wanted), wanted, stop, torn);
        const rest = host.plan(wanted);
        assert.ok(!matters(stop) || !isEmpty(rest), `stopped before step ${stop + 1}, something is left to do`);
        host.apply(rest, wanted);
        assert.ok(isEmpty(host.plan(wanted)), `stopped before step ${stop + 1}, torn: ${torn}`);
        if (host.units.has('nginx.service')) assert.is(host.taken.get('nginx.service'), host.configuration());
      }
    }
  });
}

test('is seen by the model: a reload that is left out shows', () => {
  const host = hostAfter([{}]);
  const edited = manifest(edits.bodyLimit);
  const plan = host.plan(edited);
  host.apply({ ...plan, steps: plan.steps.filter(({ op }) => op !== 'unit_activate') }, edited);
  assert.is.not(host.taken.get('nginx.service'), host.configuration());
});

test('is seen by the model: a wrong order fails', () => {
  const plan = new ModelHost().plan(whole);
  assert.throws(() => new ModelHost().apply({ ...plan, steps: [...plan.steps].reverse() }, whole), /nothing answers/);
});

test.run();
