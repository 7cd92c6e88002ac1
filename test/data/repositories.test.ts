/** Repositories off the host: a bucket over TLS, and a folder of another host by SFTP. A moment, or a dump, is restored from each, exactly. */
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity } from 'age-encryption';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { labReleases, type Release } from '../lab/releases.ts';
import { suite } from '../support/suite.ts';
import { type Elsewhere, withAccount, withBucket } from './elsewhere.ts';
import { expectExit, Ground } from './ground.ts';

/** Drops a table and brings it back as of the moment before. */
async function bringsBack(ground: Ground): Promise<void> {
  await ground.succeeds('full');
  await ground.sql("INSERT INTO lines SELECT n, 'last' FROM generate_series(2001, 2105) n");
  await ground.isWell();
  const before = await ground.rows();
  await sleep(1100);
  const to = await ground.sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')");
  await sleep(1100);
  await ground.sql('DROP TABLE lines');
  const shown = await ground.project.run('restore', '--to', to);
  expectExit(shown, 2);
  const token = shown.text.match(/--replace ([0-9a-f]{8})/)?.[1] ?? 'none';
  const done = await ground.project.run('restore', '--to', to, '--replace', token);
  expectExit(done, 0);
  assert.is(await ground.rows(), before);
  await ground.host.sh(`rm -r ${done.text.match(/in (\/\S+before-[\w.]+)/)?.[1]}`);
  expectExit(await ground.project.run('backup', '--full'), 0);
  await ground.isWell();
}

/** A database that is backed up to a place, encrypted, by one engine or the other. */
const started = async (release: Release, engine: 'pgbackrest' | 'pg_dump', path: string, place: Elsewhere) =>
  Ground.start(
    release,
    `  engine: ${engine}
  encryption: BACKUP_KEY
  repository:
    path: ${path}
${place.repository}secrets:
  BACKUP_KEY: { from: file, path: backup-key }
${place.secrets}`,
    async (host, project) => {
      project.writeSecret(
        'backup-key',
        engine === 'pg_dump' ? await generateIdentity() : 'a-passphrase-of-some-length',
      );
      await place.prepare(host, project);
    },
  );

for (const release of labReleases()) {
  const test = suite(`repositories with ${release}`);

  for (const engine of ['pgbackrest', 'pg_dump'] as const) {
    test(`a bucket, over TLS by an authority of its own, with ${engine}`, () =>
      withBucket(async (bucket) => {
        const ground = await started(release, engine, `/${engine}`, bucket);
        try {
          await bringsBack(ground);
          // Nothing readable lies in the bucket: the rows are in the backup, under the key.
          const readable = 'CREATE TABLE|SQLite|PG_VERSION [0-9]|PGDMP';
          const { exitCode } = await execa('grep', ['-rqE', readable, bucket.folder], { reject: false });
          assert.is(exitCode, 1);
          await bucket.away();
          if (engine === 'pg_dump') {
            assert.not.ok(await ground.runs('full'));
            assert.match(await ground.alarm(), 'the last backup failed');
            return;
          }
          // A server that is away: the log waits, and status says so.
          await ground.piece();
          const waits = async () => {
            const { exitCode: code, text } = await ground.project.run('status');
            return code === 1 && /could not be archived/.test(text);
          };
          await ground.until('status says that the log waits', waits, 120);
        } finally {
          await ground.end();
        }
      }));

    // pgBackRest of Debian 12 has no SFTP.
    if (release === 'debian-13')
      test(`a folder of another host, by SFTP, with ${engine}`, () =>
        withAccount(release, async (account) => {
          const ground = await started(release, engine, '/srv/backups', account);
          try {
            await bringsBack(ground);
            // Another host key is another host: nothing is sent there.
            await account.server.sh('rm /etc/ssh/ssh_host_* && ssh-keygen -A && systemctl restart ssh');
            assert.not.ok(await ground.runs('incremental'));
            assert.match(await ground.alarm(), 'the last backup failed');
          } finally {
            await ground.end();
          }
        }));
  }

  test.run();
}
