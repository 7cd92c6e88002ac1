import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { labHost } from './hosts.ts';
import { labReleases } from './releases.ts';

for (const release of labReleases()) {
  const test = suite(`lab host ${release}`);
  let host: LabHost;

  test.before(async () => {
    host = await labHost(release);
  });

  test('boots its release with systemd and no failed unit', async () => {
    assert.match(await host.sh('. /etc/os-release; echo $ID-$VERSION_ID'), release);
    assert.is((await host.exec(['systemctl', 'is-system-running'])).stdout, 'running');
    assert.is((await host.exec(['cat', '/proc/1/comm'])).stdout, 'systemd');
  });

  test('lets root and the sudo user in over SSH with its pinned key', async () => {
    assert.is(await ssh(host, 'root', host.hostKeys, 'id -un'), 'root');
    assert.is(await ssh(host, 'deploy', host.hostKeys, 'sudo -n id -un'), 'root');
  });

  test('is refused under the key of another host', async () => {
    const other = await startHost({ release, hostname: 'other' });
    try {
      assert.not.equal(other.hostKeys, host.hostKeys);
      assert.match(await ssh(host, 'root', other.hostKeys, 'id -un'), 'Host key verification failed');
    } finally {
      await other.stop();
    }
  });

  test('reports what a command printed and how it ended', async () => {
    const outcome = await host.exec(['sh', '-c', 'cat; echo wrong >&2; exit 3'], { input: 'given' });
    assert.equal(outcome, { stdout: 'given', stderr: 'wrong', exitCode: 3 });
    assert.equal((await host.exec(['true'])).exitCode, 0);
  });

  test('installs a package with apt and serves it on the mapped port', async () => {
    await host.sh('apt-get -q update && apt-get -q install --yes --no-install-recommends nginx');
    const page = await fetch(`http://${host.address}:${host.httpPort}/`);
    assert.match(await page.text(), 'Welcome to nginx');
  });

  test('passes credentials to a unit, as LoadCredential= promises', async () => {
    await host.sh('echo hidden > /root/secret');
    const unit = 'systemd-run --quiet --pipe --wait --property=LoadCredential=it:/root/secret';
    assert.is(await host.sh(`${unit} sh -c 'cat $CREDENTIALS_DIRECTORY/it'`), 'hidden');
  });

  for (const way of ['restart', 'powerCut'] as const) {
    test(`comes back after ${way} with its data, its keys, an empty /run and a new boot id`, async () => {
      const before = { keys: host.hostKeys, port: host.sshPort };
      const boot = await host.sh('cat /proc/sys/kernel/random/boot_id');
      await host.sh('echo kept > /etc/kept; echo gone > /run/gone; rm -f /home/deploy/.ssh/authorized_keys');
      await host[way]();
      assert.equal({ keys: host.hostKeys, port: host.sshPort }, before);
      assert.is.not(await host.sh('cat /proc/sys/kernel/random/boot_id'), boot);
      assert.is(await host.sh('cat /etc/kept; ls /run/gone 2>/dev/null || true'), 'kept');
      assert.is((await host.exec(['test', '-e', '/home/deploy/.ssh/authorized_keys'])).exitCode, 1);
      assert.is(await ssh(host, 'root', host.hostKeys, 'systemctl is-active nginx'), 'active');
    });
  }

  test('has the service packages installed and not running when it is warm', async () => {
    const warm = await startHost({ release, image: 'warm', hostname: 'warm' });
    try {
      assert.is((await warm.exec(['systemctl', 'is-enabled', 'nginx', 'postgresql'])).stdout, 'disabled\ndisabled');
      assert.is((await warm.exec(['systemctl', 'is-active', 'nginx', 'postgresql'])).stdout, 'inactive\ninactive');
      await warm.sh('systemctl start postgresql nginx');
      assert.is(await warm.sh('runuser -u postgres -- psql -Atc "show server_encoding"'), 'UTF8');
    } finally {
      await warm.stop();
    }
  });

  test.run();
}

/** Runs a command over SSH and returns all it printed; only `hostKeys` are trusted. */
async function ssh(host: LabHost, user: string, hostKeys: string[], command: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-known-'));
  try {
    const known = join(folder, 'known_hosts');
    await writeFile(known, hostKeys.map((key) => `[${host.address}]:${host.sshPort} ${key}\n`).join(''));
    const options = [`UserKnownHostsFile=${known}`, 'GlobalKnownHostsFile=/dev/null', 'StrictHostKeyChecking=yes'];
    const flags = [...options, 'BatchMode=yes', 'IdentitiesOnly=yes', 'ConnectTimeout=10'].flatMap((flag) => [
      '-o',
      flag,
    ]);
    const target = ['-F', '/dev/null', '-i', host.identityFile, '-p', String(host.sshPort), `${user}@${host.address}`];
    const { all } = await execa('ssh', [...flags, ...target, command], { all: true, reject: false });
    return all;
  } finally {
    await rm(folder, { recursive: true });
  }
}
