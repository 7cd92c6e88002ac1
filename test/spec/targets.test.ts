/** What the releases of hosts cannot do, key by key: every key that names releases is refused on the others, and only there. */
import * as assert from 'uvu/assert';
import { releases } from '../../src/compile/targets.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { resolve } from '../../src/spec/resolve.ts';
import { deref, type Schema } from '../../src/spec/schema.ts';
import { suite } from '../support/suite.ts';

const test = suite('targets');
const { contracts } = await loadAssets();

const base = `name: notes
app: { source: . }
secrets:
  KEY: { from: env }
`;

/** Files that use a limited key, by key. */
const uses: Readonly<Record<string, string>> = {
  'proxy.http3': 'proxy: { domains: [a.example.com], http3: true }\ntls: { email: a@example.com }',
  'proxy.brotli': 'proxy: { domains: [a.example.com], brotli: true }\ntls: { provider: none }',
  'tls.profile': 'proxy: { domains: [a.example.com] }\ntls: { email: a@example.com, profile: tlsserver }',
  'database.repository':
    'database: { engine: postgres, repository: pgdg, version: 16 }\nbackups: { engine: none }\ntls: { provider: none }',
  'database.pooler.preparedStatements':
    'database: { engine: postgres, pooler: { enabled: true, preparedStatements: true } }\nbackups: { engine: none }\ntls: { provider: none }',
  'backups.repository.host': `database: { engine: postgres }
backups:
  encryption: KEY
  repository: { type: sftp, host: b.example.com, user: b, key: KEY, path: /srv/b, hostKeySha256: ${'a'.repeat(64)} }
tls: { provider: none }`,
};

const hostText = (os: string, roles: string) => `name: web-1
address: 192.0.2.1
os: ${os}
roles: [${roles}]
hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G]
`;

/** The keys that a file may not use on a release. */
function refused(text: string, os: string, roles = 'proxy, app, worker, database'): string[] {
  const file = { path: 'hosts/production/web-1/host.yaml', text: hostText(os, roles) };
  const hosts = [{ environment: 'production', folder: 'web-1', file }];
  try {
    resolve({ deploy: { path: 'deploy.yaml', text: base + text }, hosts }, 'production', contracts);
    return [];
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return error.diagnostics.filter(({ code }) => code === 'target.release').map(({ key = [] }) => key.join('.'));
  }
}

test('dumps go by SFTP from every release: rclone takes them there', () => {
  const text = uses['backups.repository.host'] ?? '';
  assert.equal(refused(text, 'debian-12'), ['backups.repository.host'], 'the control');
  assert.equal(refused(text.replace('backups:\n', 'backups:\n  engine: pg_dump\n'), 'debian-12'), []);
});

/** Every key below a schema that some release lacks. */
function limited(schema: Schema, path: string): [string, readonly string[]][] {
  const own: [string, readonly string[]][] =
    schema['x-releases'] && schema['x-releases'].length < releases.length ? [[path, schema['x-releases']]] : [];
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, next]) =>
    limited(deref(contracts.deploy.schema, next), path ? `${path}.${key}` : key),
  );
  return [...own, ...below];
}

const keys = limited(contracts.deploy.schema, '');

for (const [key, able] of keys) {
  test(`that lack ${key} are refused, and those that have it are not`, () => {
    const text = uses[key];
    assert.ok(text, `write a file that uses ${key}`);
    for (const os of releases) assert.equal(refused(text, os), able.includes(os) ? [] : [key], os);
  });
}

test('count only where the key is at work', () => {
  assert.equal(
    refused('proxy: { domains: [a.example.com] }\ntls: { provider: none, profile: tlsserver }', 'debian-12'),
    [],
  );
  assert.equal(refused(uses['proxy.http3'] ?? '', 'debian-12', 'app, worker, database'), []);
  assert.ok(keys.length >= 4, 'the control');
});

test.run();
