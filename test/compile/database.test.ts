/** The formulas of the database server's settings, and who may have how many connections. */
import * as assert from 'uvu/assert';
import { memoryOf, tuned } from '../../src/compile/database/tuning.ts';
import { maxConnections, pooledConnections } from '../../src/spec/connections.ts';
import { postgresSettings, restartOnly } from '../../src/spec/postgres-settings.ts';
import { settingProblem, takesRestart } from '../../src/spec/postgres-value.ts';
import type { ResolvedSpec } from '../../src/spec/resolve.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';
import { suite } from '../support/suite.ts';

const test = suite('database settings');

const host = (over: Partial<ResolvedHostFile> = {}) =>
  ({ name: 'db-1', roles: ['database'], memory: '4G', cpus: 2, ...over }) as ResolvedHostFile;
const database = (over: object = {}) =>
  ({ pool: { max: 10 }, pooler: { enabled: false, size: 20 }, ...over }) as NonNullable<ResolvedSpec['database']>;
const app = (instances: number, workers: object = {}, jobs: object = {}) =>
  ({ app: { instances, workers, jobs } }) as unknown as ResolvedSpec;

/** Memory, connections and cores in; what pgtune's page says for a web application out. */
const tables: readonly (readonly [string, number, number, Record<string, string>])[] = [
  [
    '1G',
    50,
    1,
    { shared_buffers: '256MB', effective_cache_size: '768MB', maintenance_work_mem: '64MB', work_mem: '4519kB' },
  ],
  [
    '2G',
    50,
    2,
    { shared_buffers: '512MB', effective_cache_size: '1536MB', maintenance_work_mem: '128MB', work_mem: '9039kB' },
  ],
  [
    '4G',
    50,
    2,
    { shared_buffers: '1024MB', effective_cache_size: '3072MB', maintenance_work_mem: '256MB', work_mem: '18078kB' },
  ],
  [
    '8G',
    100,
    4,
    { shared_buffers: '2048MB', effective_cache_size: '6144MB', maintenance_work_mem: '512MB', work_mem: '19418kB' },
  ],
];

for (const [memory, connections, cpus, expected] of tables) {
  test(`${memory} for ${connections} connections are shared out as pgtune does`, () => {
    const one = host({ memory, cpus });
    const spec = { ...app(1), hosts: [one] } as unknown as ResolvedSpec;
    const settings = tuned(spec, database({ maxConnections: connections }), one);
    const found = Object.fromEntries(settings.map(({ name, value }) => [name, value.value]));
    for (const [name, value] of Object.entries(expected)) assert.is(found[name], value, name);
  });
}

test('a server beside the program plans with half of the memory, alone with all of it', () => {
  assert.is(memoryOf({}, host()), 4096);
  assert.is(memoryOf({}, host({ roles: ['app', 'database'] })), 2048);
  assert.is(memoryOf({ memory: '512M' }, host()), 512);
});

test('web instances count twice, workers and jobs once', () => {
  const whole = host({ roles: ['app', 'worker', 'database'] });
  const spec = app(2, { mail: { instances: 3 } }, { nightly: {} });
  assert.is(pooledConnections(spec, database(), [whole], whole), (2 * 2 + 3 + 1) * 10);
});

test('a pooler opens its own connections, once a host', () => {
  const pooled = database({ pooler: { enabled: true, size: 15 } });
  const hosts = [host({ name: 'a', roles: ['app'] }), host({ name: 'b', roles: ['app'] }), host()];
  assert.is(pooledConnections(app(4), pooled, hosts, hosts[2]), 30);
});

test('a server counts the processes of those hosts alone that use it', () => {
  const hosts = [host({ name: 'a', roles: ['app', 'database'] }), host({ name: 'b', roles: ['app', 'database'] })];
  assert.is(pooledConnections(app(1), database(), hosts, hosts[1]), 20);
});

test('a server takes 50 connections at least, and a reserve of 20', () => {
  const whole = host({ roles: ['app', 'database'] });
  assert.is(maxConnections(app(1), database(), [whole], whole), 50);
  assert.is(maxConnections(app(4), database(), [whole], whole), 100);
  assert.is(maxConnections(app(4), database({ maxConnections: 90 }), [whole], whole), 90);
});

const values: readonly (readonly [string, string, boolean])[] = [
  ['work_mem', '16MB', true],
  ['work_mem', '16 MB', true],
  ['work_mem', '64', true],
  ['work_mem', '63', false],
  ['work_mem', '16mb', false],
  ['work_mem', '1s', false],
  ['work_mem', '-1', false],
  ['work_mem', "16MB'; x", false],
  ['checkpoint_timeout', '30min', true],
  ['checkpoint_timeout', '2d', false],
  ['random_page_cost', '1.1', true],
  ['random_page_cost', 'cheap', false],
  ['jit', 'OFF', true],
  ['jit', 'maybe', false],
  ['wal_level', 'logical', true],
  ['wal_level', 'minimal', false],
  ['log_min_duration_statement', '-1', true],
];

for (const [name, value, fits] of values) {
  test(`${name} ${fits ? 'takes' : 'does not take'} ${value}`, () => {
    assert.is(settingProblem(name, value) === undefined, fits);
  });
}

test('a setting is taken up by the lesser of two means', () => {
  assert.is(takesRestart('shared_buffers'), true);
  assert.is(takesRestart('work_mem'), false);
  assert.is(takesRestart('pg_stat_statements.max'), true);
});

test('every known setting has a type that values can be held against', () => {
  for (const [name, type] of Object.entries(postgresSettings))
    assert.match(type, /^(bool|(integer|real) \S+ \S+( \w+)?|enum( \w+)+)$/, name);
  assert.ok(restartOnly.has('max_connections'));
});

test.run();
