/** Planning one host through a connection: that a plan comes out the same each time, whatever random keys are made for it. */
import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { readSource } from '../../src/apply/source.ts';
import type { Session } from '../../src/commands/context.ts';
import { planAll } from '../../src/commands/plan.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { planHost } from '../../src/pipeline.ts';
import { noConsent } from '../../src/plan/tokens.ts';
import type { SecretResource } from '../../src/resources/resource.ts';
import { DigestKey } from '../../src/secrets/digest-key.ts';
import { SecretValue } from '../../src/secrets/value.ts';
import type { Connection } from '../../src/transport/transport.ts';
import { written } from '../apply/frames.ts';
import { manifest } from '../plan/manifests.ts';
import { suite } from '../support/suite.ts';

const test = suite('planning a host');
const path = '/etc/fairlead/notes/secrets/KEY';
const resource: SecretResource = {
  kind: 'secret',
  id: `secret:${path}`,
  path,
  secret: 'KEY',
  origin: 'secrets.KEY',
  needs: [],
};
const wanted: HostManifest = { ...manifest(), resources: [resource] };
const secrets = { values: new Map([['KEY', new SecretValue('KEY', Buffer.from('CANARY'))]]), problems: new Map() };
const record = `${JSON.stringify({ id: 'group:left', origin: 'created', attributes: { exists: 'yes' } })}\n`;

/** A host whose secret is there although it has no key. */
const host: Connection = {
  run: async () => ({
    code: 0,
    stdout: written({
      secrets: { out: `f|600|root|root|6|${path}|\n` },
      groups: { out: 'left:x:900:\n' },
      os: { out: 'debian-12\n' },
      architecture: { out: 'amd64\n' },
      record: { out: record },
      serial: { out: '3\n' },
    }),
    stderr: '',
  }),
  close: () => undefined,
};

test('makes the same plan and hash each time, although each apply would make another key', async () => {
  const first = await planHost(host, wanted, secrets);
  for (let i = 0; i < 2; i += 1) {
    const again = await planHost(host, wanted, secrets, { newKey: DigestKey.random });
    assert.is(again.hash, first.hash);
    assert.equal(again.shown, first.plan);
    assert.ok(again.digestKey, 'the control: it has a key');
    assert.is.not(JSON.stringify(again.plan), JSON.stringify(first.plan), 'the control: by which it compares');
    assert.equal(again.plan.steps, first.plan.steps);
  }
});

test('says that the secret is not known, and not that nothing changes', async () => {
  const { plan } = await planHost(host, wanted, secrets);
  assert.equal(
    plan.changes.filter(({ id }) => id === resource.id).map(({ action, class: c }) => [action, c]),
    [['none', 'conflict']],
    'without a record it may be of somebody else',
  );
  assert.not.match(JSON.stringify(plan), 'CANARY');
});

test('takes the same tokens with and without a new key', async () => {
  const token = (await planHost(host, wanted, secrets)).plan.changes.find(({ id }) => id === 'group:left')?.token;
  assert.match(token ?? '', /^[0-9a-f]{8}$/);
  const consent = { ...noConsent, remove: [token ?? ''] };
  const made = await planHost(host, wanted, secrets, { newKey: DigestKey.random, consent });
  assert.ok(made.plan.steps.some(({ op }) => op === 'group_remove'));
  assert.equal(made.shown.steps, made.plan.steps);
});

test('of no host fails nowhere, whatever is wrong with a source that nobody needs', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const session = {
      hosts: [],
      project: { folder: '/nowhere' },
      spec: { app: { source: '.' } },
    } as unknown as Session;
    assert.equal(await planAll(session, Promise.resolve({ values: new Map(), problems: new Map() })), []);
    const refused = await readSource('/nowhere', '.').catch(({ message }: Error) => message);
    assert.match(String(refused), 'does not exist', 'the control: there is something wrong with it');
    await setTimeout(50);
    assert.equal(unhandled, []);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test.run();
