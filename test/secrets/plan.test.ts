/** What a plan makes of secrets, on a host in memory: with their values, without them, and for the units that read them. */
import * as assert from 'uvu/assert';
import { aptPackage } from '../../src/compile/parts.ts';
import { pinSecrets } from '../../src/compile/secrets/pin.ts';
import { isEmpty, type Plan } from '../../src/plan/change.ts';
import type { UnitResource } from '../../src/resources/resource.ts';
import { secretUpload } from '../../src/resources/secret.ts';
import { DigestKey } from '../../src/secrets/digest-key.ts';
import { pinsOf } from '../../src/secrets/fetch.ts';
import { SecretValue } from '../../src/secrets/value.ts';
import { ModelHost } from '../plan/model-host.ts';
import { suite } from '../support/suite.ts';
import { composed, manifestWith, secret } from './project.ts';

const test = suite('plans with secrets');
const key = DigestKey.random();
const file = composed('/etc/notes.conf', 'password @@TOKEN@@\nsession @@MADE@@\n', ['TOKEN', 'MADE']);
const unit: UnitResource = {
  kind: 'unit',
  id: 'unit:nginx.service',
  name: 'nginx.service',
  origin: 'proxy',
  needs: ['package:nginx'],
  inputs: [
    { id: secret('OTHER').id, effect: 'restart' },
    { id: file.id, effect: 'reload' },
  ],
};
const whole = manifestWith(
  aptPackage('nginx', 'proxy'),
  secret('TOKEN'),
  secret('OTHER'),
  secret('MADE', 32),
  file,
  unit,
);

/** The manifest with the digests of values; a name without one could not be fetched. */
function knowing(host: ModelHost, values: Readonly<Record<string, string | undefined>>) {
  const known = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, new SecretValue(name, Buffer.from(value))] as const],
  );
  const missing = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [[name, { message: `${name} is not set` } as never] as const] : [],
  );
  return pinSecrets(whole, pinsOf({ values: new Map(known), problems: new Map(missing) }, key), host.record());
}

const values = { TOKEN: 'marker-one', OTHER: 'marker-two' };

function converged(): ModelHost {
  const host = new ModelHost();
  host.converge(knowing(host, values));
  return host;
}

const done = (plan: Plan) =>
  plan.changes.filter(({ action }) => action !== 'none').map(({ action, id }) => `${action} ${id.split('/').at(-1)}`);
const taken = ({ activations }: Plan) => activations.map(({ verb, unit: name }) => `${verb} ${name}`);

test('put each in place before the files that hold it and the units that read it, and then have nothing to do', () => {
  const host = new ModelHost();
  const plan = host.converge(knowing(host, values));
  const at = (op: string) => plan.steps.findIndex((step) => step.op === op);
  assert.ok(at('secret') < at('secret_file') && at('secret_generate') < at('secret_file'));
  assert.ok(at('secret_file') < at('unit_activate'));
  assert.equal(
    plan.steps
      .flatMap(({ uploads }) => uploads)
      .filter((name) => name.startsWith('secret-'))
      .sort(),
    [secretUpload('OTHER'), secretUpload('TOKEN')],
  );
  assert.ok(isEmpty(host.plan(knowing(host, values))));
});

test('name what was renewed, and let only its units take it up', () => {
  const host = converged();
  const first = host.plan(knowing(host, { ...values, TOKEN: 'marker-new' }));
  assert.equal(done(first), ['update TOKEN', 'update notes.conf']);
  assert.equal(taken(first), ['reload nginx.service']);
  const second = host.converge(knowing(host, { ...values, OTHER: 'marker-new' }));
  assert.equal(done(second), ['update OTHER']);
  assert.equal(taken(second), ['restart nginx.service']);
  assert.ok(isEmpty(host.plan(knowing(host, { ...values, OTHER: 'marker-new' }))));
});

test('take a value that cannot be fetched for the one that is there: no change, no restart, and a word about it', () => {
  const host = converged();
  const plan = host.plan(knowing(host, { ...values, OTHER: undefined }));
  assert.ok(isEmpty(plan), JSON.stringify([plan.changes, plan.activations]));
  assert.equal(
    plan.changes
      .filter(({ class: c }) => c === 'unchecked')
      .map(({ name, reason }) => [name.split('/').at(-1), reason]),
    [['OTHER', 'was not compared: OTHER is not set']],
  );
  assert.ok(isEmpty(host.plan(knowing(host, { TOKEN: undefined, OTHER: undefined }))));
});

test('hold no value, and without a key no digest either', () => {
  const host = new ModelHost();
  const withKey = JSON.stringify(host.plan(knowing(host, values)));
  assert.not.match(withKey, 'marker');
  assert.match(withKey, key.digest(Buffer.from('marker-one')), 'the control');
  const first = host.plan(pinSecrets(whole, new Map(), host.record()));
  assert.not.match(JSON.stringify(first), 'keyed:');
  assert.is(JSON.stringify(host.plan(pinSecrets(whole, new Map(), host.record()))), JSON.stringify(first));
});

test('converge from every step at which an apply may end', () => {
  const renewed = { ...values, TOKEN: 'marker-new', OTHER: 'marker-new' };
  const { length } = converged().plan(knowing(converged(), renewed)).steps;
  assert.ok(length > 3);
  for (let stop = 0; stop < length; stop += 1) {
    for (const torn of [false, true]) {
      const host = converged();
      const wanted = knowing(host, renewed);
      host.apply(host.plan(wanted), wanted, stop, torn);
      assert.not.ok(isEmpty(host.plan(wanted)), `stopped before step ${stop + 1}`);
      host.converge(wanted);
      assert.ok(isEmpty(host.plan(wanted)), `stopped before step ${stop + 1}, torn: ${torn}`);
    }
  }
});

test.run();
