/** Which parts of the program are on which host, and what no process may see or lose. */
import * as assert from 'uvu/assert';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { releaseOf } from '../../src/compile/release.ts';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import type { FileResource, UnitResource } from '../../src/resources/resource.ts';
import { suite } from '../support/suite.ts';

const test = suite('the program on its hosts');
const assets = await loadAssets();

const deploy = (database: string, more = '') => `name: shop
app:
  source: .
  network: true
  migrations: node migrate.js
  secrets: [SESSION_KEY]
  env: { LOG_LEVEL: info }
  workers: { mail: { command: node mail.js, network: true, instances: 2, env: { LOG_LEVEL: debug } } }
  jobs: { report: { command: node report.js, schedule: '@daily', network: true } }
${more}database: ${database}
tls: { provider: none }
backups: { engine: none }
secrets: { SESSION_KEY: { from: env }, DB_PASSWORD: { from: env } }
`;
const local = '{ engine: postgres, password: DB_PASSWORD, migrator: { password: DB_PASSWORD } }';
const external = '{ engine: postgres, placement: external, external: { host: db.example.com }, password: DB_PASSWORD }';

const hostText = (name: string, os: string, roles: string, index: number) => `name: ${name}
address: 192.0.2.${index + 1}
privateAddress: 10.0.0.${index + 1}
os: ${os}
roles: [${roles}]
hostKeys:
  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIN2qTmiPKZVXwLGBHXMlkTfiu5OSq5VO9QtKSFLZL1G
`;

type Hosts = Readonly<Record<string, string>>;

/** The manifests of hosts, given their roles by name. */
function compiled(text: string, hosts: Hosts, os = 'debian-13'): Record<string, HostManifest> {
  const files = Object.entries(hosts).map(([name, roles], index) => ({
    environment: 'production',
    folder: name,
    file: { path: `hosts/production/${name}/host.yaml`, text: hostText(name, os, roles, index) },
  }));
  const sources = { deploy: { path: 'deploy.yaml', text }, hosts: files };
  const { spec } = specOf({ folder: '/nowhere', sources }, 'production', assets);
  return Object.fromEntries(spec.hosts.map((host) => [host.name, manifestOf(spec, host, assets)]));
}

const unitsOf = ({ resources }: HostManifest) =>
  resources
    .filter((one): one is UnitResource => one.kind === 'unit' && one.name.startsWith('shop-'))
    .map(({ name }) => name);

const fileAt = (manifest: HostManifest, path: string) =>
  manifest.resources.find((one): one is FileResource => one.kind === 'file' && one.path === path)?.content ?? '';

const spread: Hosts = { 'app-1': 'app', 'app-2': 'app', db: 'database', 'worker-1': 'worker', 'worker-2': 'worker' };

test('workers run on every host with their role, and jobs on the first alone', () => {
  const hosts = compiled(deploy(local), spread);
  const workers = ['shop-worker-mail@1.service', 'shop-worker-mail@2.service'];
  assert.equal(unitsOf(hosts['worker-1']!), [...workers, 'shop-job-report.timer']);
  assert.equal(unitsOf(hosts['worker-2']!), workers);
  assert.equal(unitsOf(hosts['app-1']!), []);
  assert.equal(unitsOf(hosts.db!), ['shop-database-upgrade.timer', 'shop-database.service']);
});

test('a host of workers carries the release without web instances, and restarts them with it', () => {
  const hosts = compiled(deploy(local), spread);
  assert.is(releaseOf(hosts['worker-1']!)?.instances, 0);
  assert.is(releaseOf(hosts['app-1']!)?.instances, 2);
  assert.is(releaseOf(hosts.db!), undefined);
  const unit = hosts['worker-1']!.resources.find(
    (one): one is UnitResource => one.id === 'unit:shop-worker-mail@1.service',
  );
  assert.ok(unit?.inputs.some(({ id, effect }) => id === 'release:shop' && effect === 'restart'));
  assert.not.ok(hosts['worker-1']!.resources.some(({ id }) => id.includes('shop-blue')));
});

const migrating: readonly (readonly [string, string, Hosts, readonly string[]])[] = [
  ['the host that has the database too', local, { a: 'app', b: 'app, database' }, ['b']],
  ['the first of those that use a database elsewhere', local, spread, ['app-1']],
  ['each that has a database of its own', local, { a: 'app, database', b: 'app, database' }, ['a', 'b']],
  ['the first of all for an external database', external, { a: 'worker', b: 'app', c: 'app' }, ['b']],
];
for (const [name, database, hosts, expected] of migrating) {
  test(`migrations run on ${name}`, () => {
    const manifests = compiled(deploy(database), { ...hosts, w: 'worker' });
    const found = Object.keys(manifests).filter((host) => releaseOf(manifests[host]!)?.migrations !== undefined);
    assert.equal(found, expected);
  });
}

test('migrations go past a pooler, and nothing else does', () => {
  const pooled = '{ engine: postgres, password: DB_PASSWORD, pooler: { enabled: true } }';
  const { a } = compiled(deploy(pooled), { a: 'app, worker, database' });
  assert.match(fileAt(a!, '/etc/fairlead/shop/app.env'), 'PGHOST="/run/shop-pgbouncer"\nPGPORT="6432"\n');
  assert.match(fileAt(a!, '/etc/fairlead/shop/migrations.env'), 'PGHOST="/var/run/postgresql"\nPGPORT="5432"\n');
  const dropIn = fileAt(a!, '/etc/systemd/system/fairlead-shop-migrate.service.d/fairlead.conf');
  assert.match(dropIn, 'EnvironmentFile=/etc/fairlead/shop/migrations.env\n');
  const owner = local.replace('engine', 'privileges: owner, engine');
  const plain = compiled(deploy(owner), { a: 'app, worker, database' }).a!;
  assert.is(fileAt(plain, '/etc/fairlead/shop/migrations.env'), '');
});

test('migrations on another host than the database have a role and a password of their own, and TLS as node-postgres calls it', () => {
  const { 'app-1': app } = compiled(deploy(local), spread);
  const own = fileAt(app!, '/etc/fairlead/shop/migrations.env');
  for (const line of [
    'PGUSER="shop-migrate"',
    'PGSSLMODE="no-verify"',
    'PGPASSFILE="/etc/fairlead/shop/pgpass-migrations"',
  ])
    assert.match(own, `${line}\n`);
  const password = app!.resources.find(({ id }) => id === 'secret-file:/etc/fairlead/shop/pgpass-migrations');
  assert.ok(password?.kind === 'secret-file' && password.owner === 'shop-migrate' && password.mode === '600');
  assert.match(fileAt(app!, '/etc/fairlead/shop/app.env'), 'PGUSER="shop"\nPGSSLMODE="no-verify"\n');
});

test("a process's own variables come after those of all", () => {
  const { a } = compiled(deploy(local), { a: 'app, worker, database' });
  const unit = fileAt(a!, '/etc/systemd/system/shop-worker-mail@.service');
  const files = [...unit.matchAll(/^EnvironmentFile=(.*)$/gm)].map(([, path]) => path);
  assert.equal(files, ['/run/shop/release/environment', '/etc/fairlead/shop/worker-mail.env']);
  assert.match(fileAt(a!, '/etc/fairlead/shop/worker-mail.env'), 'LOG_LEVEL="debug"\n');
});

for (const [os, folder, steps] of [
  ['ubuntu-22.04', '/run/credentials/%n', false],
  ['debian-12', '%d', false],
  ['ubuntu-24.04', '%d', true],
  ['debian-13', '%d', true],
] as const) {
  test(`units on ${os} hold what its systemd knows`, () => {
    const { a } = compiled(deploy(local), { a: 'app, worker, database' }, os);
    const unit = fileAt(a!, '/etc/systemd/system/shop-blue@.service');
    assert.match(unit, `Environment=SESSION_KEY_FILE=${folder}/SESSION_KEY\n`);
    for (const key of ['RestartSteps=', 'RestartMaxDelaySec=', 'RestartMode='])
      assert.is(unit.includes(key), steps, key);
  });
}

test('no instance listens where a gate or another one does', () => {
  const ports = (count: number) => {
    const text = deploy(local, '').replace(
      '  network: true\n',
      `  network: true\n  listen: port\n  instances: ${count}\n`,
    );
    const { a } = compiled(text, { a: 'app, worker, database' });
    const files = a!.resources.filter(
      (one): one is FileResource => one.kind === 'file' && one.path.includes('/ports/'),
    );
    return files.map(({ content }) => Number(content.match(/PORT="(\d+)"/)?.[1]));
  };
  const all = ports(64);
  assert.is(new Set(all).size, 128);
  assert.ok(Math.min(...all) > 3000 + 63, 'below are the gates');
  assert.ok(
    ports(2).every((port) => all.includes(port)),
    'the number of instances moves none',
  );
});

test.run();
