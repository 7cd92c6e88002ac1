/** What stands and what never stands in the compiled files of backups, poolers and caches, over all golden cases. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { manifestOf, specOf } from '../../src/pipeline.ts';
import { loadAssets } from '../../src/project/assets.ts';
import { loadProject } from '../../src/project/load.ts';
import { isText, type TextResource } from '../../src/resources/resource.ts';
import { environmentsOf } from '../../src/spec/resolve.ts';
import { suite } from '../support/suite.ts';

const cases = join(dirname(fileURLToPath(import.meta.url)), '..', 'cases');
const assets = await loadAssets();
const test = suite('data services');

interface Found {
  readonly os: string;
  readonly file: TextResource;
}

/** The compiled files of a case, with the release of the host that each is for. */
function filesOf(name: string): Found[] {
  const project = loadProject(join(cases, name, 'deploy.yaml'));
  return environmentsOf(project.sources).flatMap((environment) => {
    const { spec } = specOf(project, environment, assets);
    return spec.hosts.flatMap((host) =>
      manifestOf(spec, host, assets)
        .resources.filter(isText)
        .map((file) => ({ os: host.os, file })),
    );
  });
}

const valid = readdirSync(cases).filter((name) =>
  [
    'database-cache-and-backups-on-each-release',
    'database-and-cache-on-hosts-of-their-own',
    'database-external-behind-a-pooler',
    'database-from-the-postgresql-project',
    'backups-by-sftp',
  ].includes(name),
);
const files = valid.flatMap(filesOf);
const named = (ending: string) => files.filter(({ file }) => file.path.endsWith(ending));

/** Lines that only some releases may have: file, line, and the releases whose programs know it. */
const floors: readonly (readonly [string, RegExp, readonly string[]])[] = [
  ['/pgbouncer.ini', /^max_prepared_statements/m, ['debian-13', 'ubuntu-24.04']],
  [
    '/redis.conf',
    /^enable-(protected-configs|debug-command|module-command)/m,
    ['debian-12', 'debian-13', 'ubuntu-24.04'],
  ],
  ['-reload.conf', /^wal_compression = lz4/m, ['debian-12', 'debian-13', 'ubuntu-24.04']],
];

for (const [ending, line, able] of floors) {
  test(`${line.source} stands where the program knows it, and nowhere else`, () => {
    const found = named(ending);
    for (const { os, file } of found) assert.is(line.test(file.content), able.includes(os), `${os} ${file.path}`);
    assert.ok(found.some(({ os }) => !able.includes(os)) && found.some(({ os }) => able.includes(os)), 'the control');
  });
}

test('block incremental backups need pgBackRest 2.46, which apt.postgresql.org has for every release', () => {
  const blocks = (text: string) => /^repo1-block=y$/m.test(text);
  const of = (name: string, os: string) =>
    filesOf(name).find((one) => one.os === os && one.file.path.endsWith('/pgbackrest.conf'))!.file.content;
  assert.is(blocks(of('database-cache-and-backups-on-each-release', 'debian-12')), false);
  assert.is(blocks(of('database-cache-and-backups-on-each-release', 'debian-13')), true);
  assert.is(blocks(of('database-from-the-postgresql-project', 'debian-12')), true);
});

test('the settings of a server are split by what takes them up', () => {
  const has = (ending: string, name: string) => named(ending).some(({ file }) => file.content.includes(`\n${name} = `));
  for (const name of ['shared_buffers', 'max_connections', 'listen_addresses', 'archive_mode', 'hba_file'])
    assert.equal([has('-restart.conf', name), has('-reload.conf', name)], [true, false], name);
  for (const name of ['work_mem', 'archive_command', 'autovacuum_naptime'])
    assert.equal([has('-restart.conf', name), has('-reload.conf', name)], [false, true], name);
});

test('nobody comes in over a network without TLS and a password', () => {
  const rules = named('-hba.conf').flatMap(({ file }) => file.content.split('\n').filter((line) => /^host/.test(line)));
  assert.ok(rules.length > 0, 'the control');
  for (const rule of rules) assert.match(rule, /^hostssl "[^"]+" "[^"]+" \S+ scram-sha-256$/);
  for (const { file } of named('-hba.conf')) assert.not.match(file.content, /\btrust\b|^host /m);
});

test('a server listens on a network only where somebody needs it', () => {
  const listening = named('-restart.conf').map(({ file }) => file.content.match(/^listen_addresses = (.*)$/m)?.[1]);
  assert.equal([...new Set(listening)].sort(), ["''", "'10.0.0.13'"]);
});

test('a secret stands in files for its readers alone, by its name', () => {
  const holding = files.filter(({ file }) => /@@[A-Z]/.test(file.content));
  assert.ok(holding.length > 5, 'the control');
  for (const { file } of holding) {
    assert.is(file.kind, 'secret-file', file.path);
    assert.match(file.mode, /^(600|640)$/, file.path);
  }
});

test('a scratch server can write neither to the repository nor be reached', () => {
  const [script] = named('/backup-drill');
  assert.match(script!.file.content, /--archive-mode=off/);
  assert.match(script!.file.content, /^listen_addresses = ''$/m);
});

test.run();
