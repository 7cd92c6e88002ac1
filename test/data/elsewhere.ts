/** Places off a database's host that backups are kept at: a bucket, and an account for files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import S3rver from 's3rver';
import { type LabHost, startHost } from '../lab/host.ts';
import type { LabProject } from '../lab/project.ts';
import type { Release } from '../lab/releases.ts';
import { makeCertificate } from '../load/certificate.ts';

/** A repository as deploy.yaml names it. */
export interface Elsewhere {
  /** What stands below `backups.repository`, but for the path. */
  readonly repository: string;
  /** Secrets that this names, as lines of the section. */
  readonly secrets: string;
  /** Has the host find it, and the project know its secrets. */
  prepare(host: LabHost, project: LabProject): Promise<void>;
}

const gateway = async (): Promise<string> => {
  const format = '{{(index .IPAM.Config 0).Gateway}}';
  return (await execa('docker', ['network', 'inspect', 'bridge', '--format', format])).stdout.trim();
};

/** A bucket over TLS, by an authority of its own. Only hosts of the lab reach it. */
export async function withBucket(
  work: (bucket: Elsewhere & { readonly folder: string; readonly away: () => Promise<void> }) => Promise<void>,
): Promise<void> {
  const { authority, certificate: cert, key } = await makeCertificate(['s3.test']);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bucket-'));
  const address = await gateway();
  const configureBuckets = [{ name: 'notes-backups', configs: [] }];
  const options = { address, port: 0, directory: folder, silent: true, vhostBuckets: false, cert, key };
  const server = new S3rver({ ...options, configureBuckets });
  const { port } = (await server.run()) as AddressInfo;
  try {
    await work({
      repository: `    type: s3
    bucket: notes-backups
    region: eu-central-1
    endpoint: s3.test:${port}
    ca: BACKUP_CA
    accessKey: BACKUP_ACCESS_KEY
    secretKey: BACKUP_SECRET_KEY
`,
      secrets: `  BACKUP_CA: { from: file, path: ca.pem }
  BACKUP_ACCESS_KEY: { from: file, path: access-key }
  BACKUP_SECRET_KEY: { from: file, path: access-key }
`,
      prepare: async (host, project) => {
        await host.sh(`echo '${address} s3.test' >>/etc/hosts`);
        project.writeSecret('ca.pem', authority);
        project.writeSecret('access-key', 'S3RVER');
      },
      folder,
      away: () => server.close(),
    });
  } finally {
    await server.close().catch(() => {});
    rmSync(folder, { recursive: true });
  }
}

/** An account on another host that takes files by SFTP and nothing else. */
export async function withAccount(
  release: Release,
  work: (account: Elsewhere & { readonly server: LabHost }) => Promise<void>,
): Promise<void> {
  const server = await startHost({ release, hostname: 'backup-1' });
  try {
    const keys = mkdtempSync(join(tmpdir(), 'fairlead-sftp-'));
    await execa('ssh-keygen', ['-q', '-t', 'ecdsa', '-m', 'PEM', '-N', '', '-f', join(keys, 'key')]);
    const [own, secret] = [readFileSync(join(keys, 'key.pub'), 'utf8'), readFileSync(join(keys, 'key'), 'utf8')];
    rmSync(keys, { recursive: true });
    // A login that is not locked, and nothing but files.
    await server.sh(`useradd --create-home --shell /usr/sbin/nologin --password '*' keeper && install -d -o keeper -m 700 /srv/backups ~keeper/.ssh &&
echo '${own.trim()}' >~keeper/.ssh/authorized_keys && chown keeper ~keeper/.ssh/authorized_keys &&
printf 'Match User keeper\\n  ForceCommand internal-sftp\\n' >/etc/ssh/sshd_config.d/keeper.conf && systemctl reload ssh`);
    const hash = "cut -d ' ' -f 2 /etc/ssh/ssh_host_ecdsa_key.pub | base64 -d | sha256sum | cut -d ' ' -f 1";
    await work({
      repository: `    type: sftp
    host: ${server.ipAddress}
    user: keeper
    hostKeySha256: ${(await server.sh(hash)).trim()}
    key: BACKUP_SSH_KEY
`,
      secrets: '  BACKUP_SSH_KEY: { from: file, path: key }\n',
      prepare: async (_, project) => project.writeSecret('key', secret),
      server,
    });
  } finally {
    await server.stop();
  }
}
