/**
 * What breaks backups without a word, done on purpose: each must be red within one backup, drill or check, with its cause, and lose nothing
 * that was not lost already. What pgBackRest itself says of it stands beside, as the control that it would not have been enough.
 */
import * as assert from 'uvu/assert';
import { labReleases } from '../lab/releases.ts';
import { suite } from '../support/suite.ts';
import { asPostgres, Ground } from './ground.ts';
import { flip, withChecksums } from './sabotage.ts';

const repository = '/var/lib/pgbackrest';
const configuration = '/etc/fairlead/notes/pgbackrest.conf';

for (const release of labReleases()) {
  const test = suite(`sabotage with ${release}`);
  let ground: Ground;

  test.before(async () => {
    ground = await Ground.start(
      release,
      '  engine: pgbackrest\n  encryption: BACKUP_PASSPHRASE\nsecrets:\n  BACKUP_PASSPHRASE: { from: file, path: passphrase }\n',
      async (_, project) => project.writeSecret('passphrase', 'a-passphrase-of-some-length'),
    );
    await ground.succeeds('full');
    await ground.isWell();
  });
  test.after(() => ground?.end());

  test('a byte of the log that is another one', async () => {
    await ground.archived();
    const piece = await ground.archived();
    await ground.archived();
    await ground.host.sh(flip(`$(find ${repository}/archive -name '${piece}-*')`));
    assert.is(await ground.backrest('check'), 0, 'the control');
    assert.is(await ground.backrest('verify'), 0, 'the control');
    const before = await ground.rows();
    assert.not.ok(await ground.runs('drill'));
    assert.match(
      (await ground.told('drill')).problem,
      /recovery did not reach the restore point: a piece of the log is missing or damaged/,
    );
    assert.match(await ground.alarm(), 'the last drill failed: recovery did not reach the restore point');
    assert.is(await ground.rows(), before);
    await ground.succeeds('full');
    await ground.isWell();
  });

  test('a byte of a backup that is another one', async () => {
    await ground.succeeds('full');
    const biggest = `$(find ${repository}/backup/notes-production-db-1/latest/ -type f ! -name 'backup.manifest*' -printf '%s %p\\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)`;
    await ground.host.sh(flip(biggest));
    assert.is(await ground.backrest('check'), 0, 'the control');
    assert.not.ok(await ground.runs('drill'));
    assert.match((await ground.told('drill')).problem, /pgbackrest restore ended with exit code \d+/);
    assert.match(await ground.alarm(), 'the last drill failed: pgbackrest restore ended');
    await ground.succeeds('full');
    await ground.isWell();
  });

  test('a byte of a table that is another one', async () => {
    await withChecksums(ground);
    await ground.sql("CREATE TABLE victim AS SELECT n, repeat('x', 100) FROM generate_series(1, 1000) n; CHECKPOINT");
    const file = `/var/lib/postgresql/*/main/${await ground.sql("SELECT pg_relation_filepath('victim')")}`;
    await ground.host.sh(flip(`$(echo ${file})`));
    assert.not.ok(await ground.runs('full'));
    assert.match((await ground.told('backup')).problem, 'pages of the database are damaged');
    assert.match(await ground.alarm(), 'the last backup failed: pages of the database are damaged');
    await ground.sql('DROP TABLE victim');
    await ground.succeeds('full');
    await ground.isWell();
  });

  test('a repository that cannot be written to', async () => {
    const before = await ground.rows();
    await ground.host.sh(`chown -R root:root ${repository} && chmod 700 ${repository}`);
    const piece = await ground.piece();
    await ground.until('status says that the log waits', async () => {
      const { exitCode, text } = await ground.project.run('status');
      return exitCode === 1 && /the write-ahead log could not be archived at \S+; \d+ pieces? waits?/.test(text);
    });
    assert.not.ok(await ground.runs('incremental'));
    assert.match((await ground.told('backup')).problem, /pgbackrest backup ended with exit code \d+/);
    await ground.host.sh(`chown -R postgres:postgres ${repository} && chmod 750 ${repository}`);
    await ground.until(
      'the log catches up',
      async () =>
        (await ground.sql(`SELECT last_archived_wal COLLATE "C" >= '${piece}' FROM pg_stat_archiver`)) === 't',
      180,
    );
    assert.is.not(await ground.rows(), before, 'the row of meanwhile is there');
    await ground.isWell();
  });

  test('a passphrase that is another one', async () => {
    await ground.host.sh(
      `cp -p ${configuration} /root/right && sed -i 's/^repo1-cipher-pass=.*/repo1-cipher-pass=wrong/' ${configuration}`,
    );
    assert.is(await ground.backrest('info'), 0, 'the control');
    assert.not.ok(await ground.runs('incremental'));
    assert.match((await ground.told('backup')).problem, /pgbackrest backup ended with exit code \d+/);
    assert.match(await ground.alarm(), 'the last backup failed');
    // Somebody edited it by hand: plan says so, and apply puts it right.
    const plan = await ground.project.run('plan');
    assert.is(plan.exitCode, 2, plan.text);
    assert.match(plan.text, configuration);
    assert.is((await ground.project.run('apply')).exitCode, 0);
    await ground.isWell();
  });

  test('a queue of the log that overflows, and is dropped', async () => {
    await ground.host.sh(
      `printf '[global:archive-push]\\narchive-push-queue-max=33554432\\n' >>${configuration} && chown -R root:root ${repository} && chmod 700 ${repository}`,
    );
    for (let number = 0; number < 6; number++) await ground.piece();
    const dropped = await ground.piece();
    await ground.until(
      'the log is dropped',
      async () =>
        (await ground.sql(`SELECT last_archived_wal COLLATE "C" >= '${dropped}' FROM pg_stat_archiver`)) === 't',
      180,
    );
    await ground.host.sh(
      `chown -R postgres:postgres ${repository} && chmod 750 ${repository} && cp -p /root/right ${configuration}`,
    );
    await ground.archived();
    assert.is(await ground.backrest('check'), 0, 'the control');
    assert.is(await ground.backrest('info'), 0, 'the control');
    assert.not.ok(await ground.runs('incremental'));
    assert.match(
      (await ground.told('backup')).problem,
      /the log had a hole \([0-9A-F]{24} was not in the repository\)/,
    );
    assert.match(await ground.alarm(), 'the last backup failed: the log had a hole');
    await ground.isWell();
  });

  test('a disk without room', async () => {
    await ground.host.sh(`
systemctl stop 'postgresql@*' && mkdir /small && mount -t tmpfs -o size=400m tmpfs /small && chown postgres:postgres /small &&
cp -a /var/lib/postgresql/. /small/ && mount --bind /small /var/lib/postgresql && systemctl start 'postgresql@*-main.service' --all`);
    await ground.isUp();
    await ground.sql('CREATE TABLE many (number int PRIMARY KEY, text text)');
    await ground.host.exec(['sh', '-c', 'dd if=/dev/zero of=/var/lib/postgresql/filler bs=1M 2>/dev/null; sync']);
    // One row after the other, until one is refused: those before it were acknowledged.
    const script = Array.from(
      { length: 3000 },
      (_, n) => `INSERT INTO many VALUES (${n}, repeat('x', 20000)) RETURNING number;`,
    );
    const { exitCode, stdout } = await ground.host.exec(
      [...asPostgres, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'notes'],
      { input: `ALTER TABLE many ALTER text SET STORAGE EXTERNAL;\n${script.join('\n')}` },
    );
    assert.is.not(exitCode, 0, 'the control: the disk is full');
    const acknowledged = stdout.trim().split('\n').filter(Boolean).length;
    assert.match(await ground.alarm(), /\/var\/lib\/postgresql is full|\d+ % of \/var\/lib\/postgresql|disk/);
    await ground.host.sh('rm /var/lib/postgresql/filler');
    await ground.isUp();
    const kept = Number(await ground.sql('SELECT count(*) FROM many'));
    assert.ok(kept === acknowledged || kept === acknowledged + 1, `${kept} of ${acknowledged}`);
    await ground.sql('DROP TABLE many');
    await ground.archived();
    await ground.isWell();
  });

  test.run();
}
