/** Repositories off the host: a bucket over TLS, and a folder of another host by SFTP. A moment is restored from each, exactly. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import S3rver from 's3rver';
import * as assert from 'uvu/assert';
import { type LabHost, startHost } from '../lab/host.ts';
import { labReleases } from '../lab/releases.ts';
import { makeCertificate } from '../load/certificate.ts';
import { suite } from '../support/suite.ts';
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
  await ground.host.sh(`rm -r ${done.text.match(/in (\/\S+\.before-\w+)/)?.[1]}`);
  expectExit(await ground.project.run('backup', '--full'), 0);
  await ground.isWell();
}

for (const release of labReleases()) {
  const test = suite(`repositories with ${release}`);

  test('a bucket, over TLS by an authority of its own', async () => {
    const { authority, certificate, key } = await makeCertificate(['s3.test']);
    const directory = mkdtempSync(join(tmpdir(), 'fairlead-bucket-'));
    const { stdout } = await execa('docker', [
      'network',
      'inspect',
      'bridge',
      '--format',
      '{{(index .IPAM.Config 0).Gateway}}',
    ]);
    // Only hosts of the lab reach this address.
    const address = stdout.trim();
    const server = new S3rver({
      address,
      port: 0,
      directory,
      silent: true,
      vhostBuckets: false,
      cert: certificate,
      key,
      configureBuckets: [{ name: 'notes-backups', configs: [] }],
    });
    const { port } = (await server.run()) as AddressInfo;
    let ground: Ground | undefined;
    try {
      const backups = `  encryption: BACKUP_PASSPHRASE
  repository:
    type: s3
    path: /pgbackrest
    bucket: notes-backups
    region: eu-central-1
    endpoint: s3.test:${port}
    ca: BACKUP_CA
    accessKey: BACKUP_ACCESS_KEY
    secretKey: BACKUP_SECRET_KEY
secrets:
  BACKUP_PASSPHRASE: { from: file, path: passphrase }
  BACKUP_CA: { from: file, path: ca.pem }
  BACKUP_ACCESS_KEY: { from: file, path: access-key }
  BACKUP_SECRET_KEY: { from: file, path: access-key }
`;
      ground = await Ground.start(release, backups, async (host, project) => {
        await host.sh(`echo '${address} s3.test' >>/etc/hosts`);
        for (const [file, text] of Object.entries({
          passphrase: 'a-passphrase-of-some-length',
          'ca.pem': authority,
          'access-key': 'S3RVER',
        }))
          project.writeSecret(file, text);
      });
      await bringsBack(ground);
      // Nothing readable lies in the bucket: the rows are in the backup, under the passphrase.
      const { exitCode } = await execa('grep', ['-rqE', 'CREATE TABLE|SQLite|PG_VERSION [0-9]', directory], {
        reject: false,
      });
      assert.is(exitCode, 1);
      // A server that is away: the log waits, and status says so.
      await server.close();
      await ground.piece();
      await ground.until(
        'status says that the log waits',
        async () => {
          const { exitCode: code, text } = await (ground as Ground).project.run('status');
          return code === 1 && /could not be archived/.test(text);
        },
        120,
      );
    } finally {
      await ground?.end();
      await server.close().catch(() => {});
      rmSync(directory, { recursive: true });
    }
  });

  if (release === 'debian-13')
    test('a folder of another host, by SFTP', async () => {
      let elsewhere: LabHost | undefined;
      let ground: Ground | undefined;
      try {
        elsewhere = await startHost({ release, hostname: 'backup-1' });
        const keys = mkdtempSync(join(tmpdir(), 'fairlead-sftp-'));
        await execa('ssh-keygen', ['-q', '-t', 'ecdsa', '-m', 'PEM', '-N', '', '-f', join(keys, 'key')]);
        const { stdout: own } = await execa('cat', [join(keys, 'key.pub')]);
        const { stdout: secret } = await execa('cat', [join(keys, 'key')]);
        rmSync(keys, { recursive: true });
        // A login that is not locked, and nothing but files.
        await elsewhere.sh(`useradd --create-home --shell /usr/sbin/nologin --password '*' keeper && install -d -o keeper -m 700 /srv/backups ~keeper/.ssh &&
echo '${own}' >~keeper/.ssh/authorized_keys && chown keeper ~keeper/.ssh/authorized_keys &&
printf 'Match User keeper\\n  ForceCommand internal-sftp\\n' >/etc/ssh/sshd_config.d/keeper.conf && systemctl reload ssh`);
        const fingerprint = await elsewhere.sh(
          "cut -d ' ' -f 2 /etc/ssh/ssh_host_ecdsa_key.pub | base64 -d | sha256sum | cut -d ' ' -f 1",
        );
        const backups = `  encryption: BACKUP_PASSPHRASE
  repository:
    type: sftp
    path: /srv/backups
    host: ${elsewhere.ipAddress}
    user: keeper
    hostKeySha256: ${fingerprint.trim()}
    key: BACKUP_SSH_KEY
secrets:
  BACKUP_PASSPHRASE: { from: file, path: passphrase }
  BACKUP_SSH_KEY: { from: file, path: key }
`;
        ground = await Ground.start(release, backups, async (_, project) => {
          project.writeSecret('passphrase', 'a-passphrase-of-some-length');
          project.writeSecret('key', `${secret}\n`);
        });
        await bringsBack(ground);
        // Another host key is another host: nothing is sent there.
        await elsewhere.sh('rm /etc/ssh/ssh_host_* && ssh-keygen -A && systemctl restart ssh');
        assert.not.ok(await ground.runs('incremental'));
        assert.match(await ground.alarm(), 'the last backup failed');
      } finally {
        await ground?.end();
        await elsewhere?.stop();
      }
    });

  test.run();
}
