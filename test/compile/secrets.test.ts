/** Which places of deploy.yaml name secrets, which hosts need them, and what is compiled for these. */
import * as assert from 'uvu/assert';
import { merged } from '../../src/compile/merge.ts';
import { directory } from '../../src/compile/parts.ts';
import { pinSecrets } from '../../src/compile/secrets/pin.ts';
import { hostsNeeding, secretsOn } from '../../src/compile/secrets/placement.ts';
import { compileSecrets } from '../../src/compile/secrets/secrets.ts';
import { emptyRecord } from '../../src/plan/record.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { deref, type Schema } from '../../src/spec/schema.ts';
import { secretUsesIn } from '../../src/spec/secret-uses.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';
import { composed, manifestWith, secret } from '../secrets/project.ts';
import { suite } from '../support/suite.ts';

const { schema } = (await loadAssets()).contracts.deploy;
const test = suite('secrets of a host');

/** A document that names a secret wherever a schema lets it: its name is the key path. */
function everySecret(raw: Schema, path: readonly string[]): unknown {
  const one = deref(schema, raw);
  if (one['x-secret']) return path.join('.');
  if (one.items) return [everySecret(one.items, [...path, '0'])];
  const entries = Object.entries(one.properties ?? {}).filter(([key]) => path.length > 0 || key !== 'environments');
  if (typeof one.additionalProperties === 'object') entries.push(['any', one.additionalProperties]);
  return Object.fromEntries(entries.map(([key, below]) => [key, everySecret(below, [...path, key])]));
}

const uses = secretUsesIn(schema, everySecret(schema, []));

test('are found wherever the schema lets a key name one', () => {
  for (const { path, secret: name } of uses) assert.is(path.join('.'), name);
  const keys = uses.map(({ secret: name }) => name);
  for (const key of [
    'app.secrets.0',
    'app.workers.any.secrets.0',
    'proxy.auth.users.any',
    'tls.key',
    'backups.encryption',
  ])
    assert.ok(keys.includes(key), key);
  assert.not.ok(
    keys.some((key) => key.startsWith('secrets.')),
    'the section itself only declares',
  );
  const plain = JSON.stringify(everySecret(schema, [])).match(/"\w+(\.\w+)+"/g) ?? [];
  assert.is(keys.length, plain.length, 'each that stands in the document was found');
});

const host = (name: string, ...roles: string[]) => ({ name, roles }) as unknown as ResolvedHostFile;
const hosts = [
  host('app-1', 'app'),
  host('app-2', 'app'),
  host('data-1', 'database'),
  host('front-1', 'proxy'),
  host('work-1', 'worker'),
  host('work-2', 'worker'),
];

const placed: readonly (readonly [string, string])[] = [
  ['app.secrets.0', 'app-1 app-2 work-1 work-2'],
  ['app.workers.any.secrets.0', 'work-1 work-2'],
  ['app.jobs.any.secrets.0', 'work-1'],
  ['storage.accessKey', 'app-1 app-2 work-1 work-2'],
  ['mail.password', 'app-1 app-2 work-1 work-2'],
  ['cache.password', 'app-1 app-2 work-1 work-2'],
  ['database.password', 'app-1 app-2 data-1 work-1 work-2'],
  ['backups.repository.secretKey', 'data-1'],
  ['proxy.auth.users.any', 'front-1'],
  ['tls.key', 'front-1'],
  ['observability.alerts.webhook', 'app-1 app-2 data-1 front-1 work-1 work-2'],
];

for (const [key, expected] of placed) {
  test(`are on the hosts that use them: ${key}`, () => {
    const needing = hostsNeeding(key, uses, hosts, 'host').map(({ name }) => name);
    assert.is(needing.join(' '), expected);
    for (const one of hosts)
      assert.is(secretsOn(one, uses, hosts, 'host').includes(key), needing.includes(one.name), one.name);
  });
}

const idsOn = (one: ResolvedHostFile, secretUses = [{ path: ['tls', 'key'], secret: 'TLS_KEY' }]) => {
  const spec = {
    name: 'notes',
    hosts,
    secretUses,
    secrets: { TLS_KEY: { from: 'age' }, MADE: { from: 'generated', bytes: 16 } },
  };
  return compileSecrets({ spec, host: one } as never);
};

test('lie in a folder that only root opens, on no host that does not need them', () => {
  const [folder, inside, key] = idsOn(hosts[3]!);
  assert.is(folder?.id, 'directory:/etc/fairlead/notes');
  assert.is((inside as { mode?: string }).mode, '700');
  assert.equal(key, { ...secret('TLS_KEY') });
  assert.equal(
    idsOn(hosts[0]!).map(({ id }) => id),
    ['directory:/etc/fairlead/notes'],
  );
  const made = idsOn(hosts[0]!, [{ path: ['app', 'secrets', 0] as never, secret: 'MADE' }]);
  assert.is((made.at(-1) as { bytes?: number }).bytes, 16);
});

test('share the folders that several sections want alike, and only those', () => {
  const wanted = directory('/etc/fairlead/notes', 'name', { needs: ['directory:/etc/fairlead'] });
  const one = merged([wanted, directory('/etc/fairlead/notes', 'app', { needs: ['user:notes'] })]);
  assert.equal(one, [{ ...wanted, needs: ['directory:/etc/fairlead', 'user:notes'] }]);
  assert.is(merged([wanted, directory('/etc/fairlead/notes', 'app', { mode: '700' })]).length, 2);
});

test('are pinned by name, also in the files that they stand in', () => {
  const file = composed('/etc/x', '@@B@@ @@A:crypt@@ @@MADE@@ @@A@@', ['A', 'B', 'MADE']);
  const manifest = manifestWith(secret('A'), secret('B'), secret('MADE', 32), file);
  const pin = (pins: Record<string, { digest: string } | { unchecked: string }>, record = emptyRecord) =>
    pinSecrets(manifest, new Map(Object.entries(pins)), record).resources;
  const digests = (resources: ReturnType<typeof pin>) =>
    resources.flatMap((one) =>
      one.kind === 'secret-file' ? [one.digests] : one.kind === 'secret' ? [one.digest] : [],
    );
  assert.equal(digests(pin({ A: { digest: 'a' }, B: { digest: 'b' } })), ['a', 'b', undefined, 'A=a B=b']);
  assert.equal(digests(pin({})), [undefined, undefined, undefined, undefined]);
  const applied = new Map([[secret('B').id, { id: '', origin: 'created' as const, attributes: { value: 'old' } }]]);
  const some = pin({ A: { digest: 'a' }, B: { unchecked: 'why' } }, { ...emptyRecord, resources: applied });
  assert.equal(digests(some), ['a', 'old', undefined, 'A=a B=old'], 'what was applied stands for what is not known');
  assert.equal(digests(pin({ A: { digest: 'a' }, B: { unchecked: 'why' } })), ['a', undefined, undefined, undefined]);
});

test.run();
