import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { execa } from 'execa';
import { GenericContainer, Wait } from 'testcontainers';
import { labels } from './ownership.ts';

// The reaper of testcontainers is an image to pull; ownership.ts sweeps instead.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';

/**
 * What PID 1 of a host does before it becomes systemd. Each boot gets an id of its own, which the kernel of a container
 * does not give it; the keys are made at the first boot only, as an installer does.
 */
const boot = `set -e
mount --make-rshared /
mount -o remount,rw /proc/sys
cp /proc/sys/kernel/random/uuid /run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
if [ ! -e /etc/ssh/ssh_host_ed25519_key ]; then
  ssh-keygen -A
  chmod 700 /root/.ssh
  install -o deploy -g deploy -m 700 -d /home/deploy/.ssh
  install -o deploy -g deploy -m 600 /root/.ssh/authorized_keys /home/deploy/.ssh/
fi
exec /lib/systemd/systemd`;

/** A container that can run systemd, reached from this machine alone. */
class SystemdContainer extends GenericContainer {
  protected override async beforeContainerCreated() {
    // What systemd takes for a request to shut down; on SIGTERM it would only start itself anew.
    this.createOpts.StopSignal = 'SIGRTMIN+3';
    // The mounted cgroup tree is the machine's, and so must be the paths in /proc/self/cgroup.
    Object.assign(this.hostConfig, { CgroupnsMode: 'host' });
    const bindings: Record<string, { HostPort?: string }[]> = this.hostConfig.PortBindings;
    for (const port of Object.values(bindings).flat()) Object.assign(port, { HostIp: '127.0.0.1' });
  }
}

/** The ports of this machine that lead to those of a host; they stay the same when it restarts. */
export interface Ports {
  ssh: number;
  http: number;
  https: number;
}

/** Starts a container with systemd as PID 1 (which is still booting then) and returns its name and its ports. */
export async function startContainer(image: string, hostname: string, authorizedKeys: string, kept?: string) {
  for (let tries = 1; ; tries++) {
    const name = `fairlead-lab-${hostname}-${randomBytes(4).toString('hex')}`;
    if (!kept) started.add(name);
    const ports: Ports = { ssh: await freePort(), http: await freePort(), https: await freePort() };
    try {
      await run(image, name, hostname, authorizedKeys, ports, kept);
      return { name, ports };
    } catch (error) {
      await removeContainer(name);
      const taken = /port is already allocated|address already in use/.test(String(error));
      if (!taken || tries === 3) throw error;
    }
  }
}

/** Removes a container with its volumes, running or not. */
export async function removeContainer(name: string): Promise<void> {
  await execa('docker', ['rm', '--force', '--volumes', name], { reject: false });
  started.delete(name);
}

async function run(image: string, name: string, hostname: string, authorizedKeys: string, ports: Ports, kept?: string) {
  await new SystemdContainer(image)
    .withName(name)
    .withHostname(hostname)
    .withLabels(labels(kept))
    .withAddedCapabilities('SYS_ADMIN', 'NET_ADMIN', 'SYS_PTRACE', 'SYSLOG', 'MKNOD', 'SYS_NICE')
    .withSecurityOpt('seccomp=unconfined', 'apparmor=unconfined')
    .withBindMounts([{ source: await cgroup2(), target: '/sys/fs/cgroup', mode: 'rw' }])
    .withTmpFs({ '/run': 'rw,nosuid,nodev,noexec,mode=755', '/run/lock': 'rw,nosuid,nodev,noexec,mode=1777,size=5m' })
    .withEnvironment({ container: 'docker' })
    .withCopyContentToContainer([{ content: `${authorizedKeys}\n`, target: '/root/.ssh/authorized_keys', mode: 0o600 }])
    .withExposedPorts(
      { container: 22, host: ports.ssh },
      { container: 80, host: ports.http },
      { container: 443, host: ports.https },
    )
    .withCommand(['sh', '-c', boot])
    .withWaitStrategy(Wait.forSuccessfulCommand('true'))
    .start();
}

/** Where the cgroup v2 tree of this machine is mounted: /sys/fs/cgroup, or a folder in it on a hybrid machine. */
async function cgroup2(): Promise<string> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const path = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  if (!path)
    throw new Error('no cgroup2 file system is mounted; systemd needs it: mount -t cgroup2 cgroup2 /sys/fs/cgroup');
  return path;
}

/** A port nobody listens on, below those that the kernel gives to outgoing connections. */
async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return free ? port : freePort();
}

/** The containers of this process that are still there. */
const started = new Set<string>();

process.on('exit', () => {
  if (started.size > 0) spawnSync('docker', ['rm', '--force', '--volumes', ...started], { stdio: 'ignore' });
});
