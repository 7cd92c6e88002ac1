/** Dumps of a database on a host: made, listed, drilled, restored in place and beside, and what is told when they are broken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity } from 'age-encryption';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
const folder = '/var/backups/notes/notes-production-db-1';

for (const release of labReleases()) {
  const test = suite(`dumps with ${release}`);
  let host: LabHost;
  let project: LabProject;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'db-1' });
    project = new LabProject();
    project.addHost(host);
    project.edit('  instances: 2\n', '  instances: 1\n');
    project.edit(
      '  engine: none\n',
      `  engine: pg_dump
  keepFull: 2
  encryption: BACKUP_IDENTITY
  drill:
    checks: [SELECT count(*) > 900 FROM lines]
secrets:
  BACKUP_IDENTITY: { from: file, path: identity }
`,
    );
    project.writeSecret('identity', `# a comment, as age-keygen writes them\n${await generateIdentity()}\n`);
    expectExit(await project.run('apply'), 0);
    await psql(`CREATE TABLE lines (number int PRIMARY KEY, text text);
INSERT INTO lines SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 1000) n;
ALTER TABLE lines OWNER TO "notes-owner"; ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
CREATE EXTENSION pg_trgm; CREATE TYPE mood AS ENUM ('calm'); CREATE SCHEMA side AUTHORIZATION "notes-owner";
CREATE FUNCTION side.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
CREATE TABLE side.moods (id int GENERATED ALWAYS AS IDENTITY, mood mood, twice int DEFAULT side.twice(2));
INSERT INTO side.moods (mood) VALUES ('calm'); CREATE VIEW side.calm AS SELECT * FROM side.moods;
GRANT SELECT ON lines TO "notes-read"`);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', 'env', '-C', '/'];
  async function psql(sql: string, database = 'notes'): Promise<string> {
    const command = [...asPostgres, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database];
    const { exitCode, stdout, stderr } = await host.exec(command, { input: sql });
    assert.is(exitCode, 0, stderr);
    return stdout.trim();
  }
  /** All that a database holds, in the words of pg_dump. */
  const whole = async (database = 'notes') =>
    (await host.sh(`cd / && runuser -u postgres -- pg_dump ${database} | grep -v '^.\\(un\\)\\?restrict '`)).replaceAll(
      /^--.*$/gm,
      '',
    );
  const state = async (what: 'backup' | 'drill') => JSON.parse(await host.sh(`cat /var/lib/notes-backup/${what}.json`));
  const newest = async () => (await host.sh(`ls ${folder} | grep 'dump$' | tail -n 1`)).trim();
  const tokenOf = (run: Run) => run.text.match(/--replace ([0-9a-f]{8})/)?.[1] ?? 'none';

  test('a dump and a drill succeed, which status and list tell', async () => {
    expectExit(await project.run('plan'), 0);
    expectExit(await project.run('status'), 0);
    expectExit(await project.run('backup', 'drill'), 1);
    assert.match((await state('drill')).problem, 'there is no dump yet');
    const taken = await project.run('backup', '--full');
    expectExit(taken, 0);
    assert.match(taken.text, /^db-1: ✓ full backup in \d+\.\d s$/m);
    const drill = await project.run('backup', 'drill');
    expectExit(drill, 0);
    assert.match(drill.text, /^db-1: ✓ drill in \d+\.\d s; RPO \d+ s, RTO \d+ s$/m);
    assert.ok((await state('drill')).tables >= 4);
    const list = await project.run('backup', 'list');
    expectExit(list, 0);
    assert.match(list.text, /^db-1: 1 backup; the moments of dumps from 20\S+ to 20\S+ can be restored$/m);
    expectExit(await project.run('status'), 0);
    expectExit(await project.run('plan'), 0);
    assert.is((await host.sh('ls /var/lib/notes-backup')).includes('drill\n'), false, 'the scratch server is gone');
    const dump = await host.sh(`head -c 21 ${folder}/${await newest()}`);
    assert.is(dump, 'age-encryption.org/v1');
    const metrics = await host.sh('cat /var/lib/notes-backup/*.prom');
    assert.match(metrics, 'fairlead_backup_ok{stanza="notes-production-db-1",type="full"} 1');
    assert.match(metrics, 'fairlead_drill_ok{stanza="notes-production-db-1",phase="end"} 1');
  });

  test('who makes them reads everything and changes nothing, and nobody else reads them', async () => {
    const as = (user: string, sql: string) =>
      host.exec(
        [
          'runuser',
          '-u',
          user,
          '--',
          'env',
          '-C',
          '/',
          'psql',
          '-XAtq',
          '-h',
          '/var/run/postgresql',
          '-U',
          'notes-backup',
          '-d',
          'notes',
        ],
        { input: sql },
      );
    assert.is((await as('notes-backup', 'SELECT count(*) FROM lines')).stdout.trim(), '1000');
    assert.match((await as('notes-backup', 'DELETE FROM lines')).stderr, /read-only transaction/);
    assert.match(
      (await as('notes-backup', 'SET default_transaction_read_only = off; DELETE FROM lines')).stderr,
      /permission denied for table lines/,
    );
    for (const user of ['notes', 'nobody']) {
      assert.match((await as(user, 'SELECT 1')).stderr, /Peer authentication failed/);
      for (const path of [folder, '/var/lib/notes-backup/dumps', '/etc/fairlead/notes/secrets'])
        assert.match((await host.exec(['runuser', '-u', user, '--', 'ls', path])).stderr, 'Permission denied');
    }
  });

  test('so many full ones are kept, and what came after the oldest of them', async () => {
    const { label } = JSON.parse(await host.sh('cat /var/lib/notes-backup/dumps/*F.json'));
    for (const kind of [[], ['--full'], [], ['--full']]) {
      expectExit(await project.run('backup', ...kind), 0);
      await sleep(1100);
    }
    const kept = (await host.sh(`ls ${folder}`)).trim().split('\n');
    assert.is(kept.length, 9, kept.join(' '));
    assert.is(
      kept.some((name) => name.startsWith(label)),
      false,
    );
    assert.equal(
      (await host.sh('ls /var/lib/notes-backup/dumps'))
        .trim()
        .split('\n')
        .map((name) => name[15]),
      ['F', 'I', 'F'],
    );
    expectExit(await project.run('backup', 'drill'), 0);
  });

  test('what is dropped and what was made since is as it was again, and a dump of before stays', async () => {
    const before = await whole();
    await sleep(1100);
    expectExit(await project.run('backup'), 0);
    await psql(`DROP TABLE lines; DROP SCHEMA side CASCADE; CREATE TABLE later (a int); CREATE TYPE later_mood AS ENUM ('a');
CREATE FUNCTION later_twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'; CREATE MATERIALIZED VIEW seen AS SELECT 1 AS one`);
    const shown = await project.run('restore');
    expectExit(shown, 2);
    assert.match(shown.text, /this would replace all that is in the database notes by what was there at 20\S+Z$/m);
    expectExit(await project.run('restore', '--replace', '00000000'), 7);
    const done = await project.run('restore', '--replace', tokenOf(shown));
    expectExit(done, 0);
    assert.match(done.text, /✓ restored to the newest dump in \d+\.\d s$/m);
    assert.is(await whole(), before);
    const kept = done.text.match(/in (\/\S+before-\w+\.dump)/)?.[1] ?? '';
    assert.is(await host.sh(`head -c 21 ${kept}`), 'age-encryption.org/v1');
    await host.sh(`rm ${kept}`);
    assert.match(await host.sh('curl -fsS http://localhost/api/notes'), '"notes":');
    expectExit(await project.run('plan'), 0);
    const beside = await project.run('restore', '--beside');
    expectExit(beside, 0);
    assert.match(beside.text, 'its database is notes_restored');
    assert.is(await whole('notes_restored'), before);
    expectExit(await project.run('restore', '--end'), 0);
    assert.is(await psql("SELECT count(*) FROM pg_database WHERE datname = 'notes_restored'"), '0');
  });

  test('a dump that is damaged is told by the drill, and restores nothing', async () => {
    const name = await newest();
    const before = await whole();
    await host.sh(
      `cd ${folder} && cp -p ${name} /root/whole && printf '\\001' | dd of=${name} bs=1 seek=$(($(stat -c %s ${name}) / 2)) conv=notrunc status=none`,
    );
    expectExit(await project.run('backup', 'drill'), 1);
    assert.match((await state('drill')).problem, `the dump ${name.slice(0, 16)} is damaged`);
    const status = await project.run('status');
    expectExit(status, 1);
    assert.match(status.text, /the last drill failed: the dump \S+ is damaged/);
    const refused = await project.run('restore', '--replace', tokenOf(await project.run('restore')));
    expectExit(refused, 1);
    assert.match(refused.text, /not restored: the dump \S+ is damaged/);
    assert.is(await whole(), before);
    // Written down anew, as somebody could who knows how: then age or pg_restore notices.
    await host.sh(
      `cd ${folder} && for f in ${name.slice(0, 16)}.json /var/lib/notes-backup/dumps/${name.slice(0, 16)}.json; do sed -i "s/\\"sha256\\":\\"[0-9a-f]*/\\"sha256\\":\\"$(sha256sum <${name} | cut -d ' ' -f 1)/" $f; done`,
    );
    expectExit(await project.run('backup', 'drill'), 1);
    assert.match((await state('drill')).problem, /cannot be decrypted|pg_restore failed/);
    const forged = await project.run('restore', '--replace', tokenOf(await project.run('restore')));
    expectExit(forged, 1);
    assert.is(await whole(), before);
    // One that somebody took away is told once, by the dump that comes in its place.
    await host.sh(`rm ${folder}/${name.slice(0, 16)}.*`);
    expectExit(await project.run('backup'), 1);
    assert.match(
      (await state('backup')).problem,
      `gone from the repository without having been retired: ${name.slice(0, 16)}`,
    );
    expectExit(await project.run('backup'), 0);
    expectExit(await project.run('restore', '--beside'), 0);
    expectExit(await project.run('restore', '--end'), 0);
    expectExit(await project.run('backup', 'drill'), 0);
    expectExit(await project.run('status'), 0);
  });

  test('a repository that takes nothing, and a key that is none, are told', async () => {
    await host.sh(`chown -R root:root /var/backups/notes && chmod 700 /var/backups/notes`);
    const failed = await project.run('backup');
    expectExit(failed, 1);
    assert.match(failed.text, 'the backup failed');
    expectExit(await project.run('status'), 1);
    await host.sh('chown -R notes-backup:notes-backup /var/backups/notes && chmod 750 /var/backups/notes');
    project.writeSecret('identity', 'this is no identity');
    const refused = await project.run('apply');
    expectExit(refused, 3);
    assert.match(refused.text, 'the secret of backups.encryption is no age identity');
    expectExit(await project.run('backup'), 0);
  });

  test('a dump that is killed leaves nothing behind but the word of it', async () => {
    await psql('CREATE TABLE big AS SELECT n, repeat(md5(n::text), 20) AS text FROM generate_series(1, 200000) n');
    const running = host.exec(['systemctl', 'start', 'notes-backup-full.service']);
    await host.sh(
      'for i in $(seq 200); do pgrep -x pg_dump >/dev/null && break; sleep 0.02; done; systemctl kill -s KILL notes-backup-full.service',
    );
    assert.is.not((await running).exitCode, 0);
    const status = await project.run('status');
    expectExit(status, 1);
    assert.match(status.text, 'notes-backup-full.service has failed');
    const before = (await host.sh(`ls ${folder}`)).trim();
    expectExit(await project.run('backup', '--full'), 0);
    assert.is((await host.sh(`ls ${folder}`)).includes(before.split('\n').at(-1) ?? 'none'), true);
    assert.is((await host.sh('ls /var/lib/notes-backup')).includes('dump\n'), false);
    expectExit(await project.run('backup', 'drill'), 0);
    expectExit(await project.run('status'), 0);
    await psql('DROP TABLE big');
  });

  test.run();
}
