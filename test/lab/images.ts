import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureCommand } from '../support/packages.ts';
import { aptOptions } from './apt.ts';
import { labels } from './ownership.ts';
import { codenames, type Release } from './releases.ts';

/**
 * *plain* is a VM as its installer leaves it; *warm* has the service packages installed, disabled and never started; *judge* has
 * every program besides that reads a compiled file.
 */
export type ImageKind = 'plain' | 'warm' | 'judge';

const included = 'systemd,systemd-sysv,dbus,openssh-server,sudo,ca-certificates,iproute2';
const services = 'nginx postgresql curl';
/** Downloaded into the image and not installed, so that a first apply takes them from apt's own cache. */
const cached = `${services} certbot nftables`;

const forget = `
rm -rf /var/lib/apt/lists/*
: > /etc/machine-id`;

// The daily apt timers would take apt's locks at a random moment of a test.
const plainScript = `
rm -f /etc/ssh/ssh_host_*
systemctl disable apt-daily.timer apt-daily-upgrade.timer
echo LANG=C.UTF-8 > /etc/default/locale
useradd --create-home --shell /bin/bash deploy
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy
apt-get -q update
apt-get -q install --yes --no-install-recommends --download-only ${cached}
${forget}`;

const warmScript = `
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q update
apt-get -q install --yes --no-install-recommends ${services}
systemctl disable nginx postgresql
rm /usr/sbin/policy-rc.d
${forget}`;

const readers = [
  'certbot nftables pgbackrest pgbouncer redis-server logrotate openssl unattended-upgrades shellcheck procps cloud-init',
  'docker-compose libnginx-mod-http-brotli-filter libnginx-mod-http-brotli-static',
].join(' ');

// A host that boots must not be set up anew, and nothing may listen.
const judgeScript = `
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q update
apt-get -q install --yes --no-install-recommends ${readers}
touch /etc/cloud/cloud-init.disabled
systemctl disable redis-server pgbouncer certbot.timer
rm /usr/sbin/policy-rc.d
${forget}`;

/** What makes an image of another, by kind. */
const made = {
  warm: { from: 'plain', script: warmScript },
  judge: { from: 'warm', script: judgeScript },
} as const;

/** The scripts that an image went through, in their order. */
const scriptsOf = (kind: ImageKind): string[] =>
  kind === 'plain' ? [plainScript] : [...scriptsOf(made[kind].from), made[kind].script];

/** The image of a release, built when this recipe was not built on this machine yet (about a minute); returns its name. */
export async function ensureImage(release: Release, kind: ImageKind): Promise<string> {
  const options = await aptOptions();
  const recipe = [release, included, ...options, ...scriptsOf(kind)];
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const repository = `fairlead-lab/${release}-${kind}`;
  const image = `${repository}:${hash}`;
  if (await exists(image)) return image;
  const started = performance.now();
  console.log(`building the lab image ${image} …`);
  if (kind === 'plain') await buildPlain(release, options, image);
  else await provision(await ensureImage(release, made[kind].from), made[kind].script, image);
  console.log(`built ${image} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  await removeOthers(repository, image);
  return image;
}

async function exists(image: string): Promise<boolean> {
  const { exitCode } = await execa('docker', ['image', 'inspect', image], { reject: false });
  return exitCode === 0;
}

async function buildPlain(release: Release, options: string[], image: string) {
  await ensureCommand('mmdebstrap', ['mmdebstrap']);
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-image-'));
  // mmdebstrap drops its privileges where it needs none.
  await chmod(folder, 0o755);
  const tarball = join(folder, 'root.tar');
  try {
    const apt = options.map((option) => `--aptopt=${option}`);
    // In a mount namespace of its own, so that a build that is killed leaves no /proc or /sys mounted in the folder.
    const build = ['mmdebstrap', '--variant=minbase', `--include=${included}`, ...apt, codenames[release], tarball];
    await execa('unshare', ['--mount', '--propagation', 'private', ...build], { env: { TMPDIR: folder } });
    const { stdout: bare } = await execa('docker', ['import', tarball]);
    await provision(bare, plainScript, image);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a script in a container of `base` and keeps the result as `image`. */
async function provision(base: string, script: string, image: string) {
  const name = `fairlead-lab-build-${randomBytes(4).toString('hex')}`;
  const labelled = Object.entries(labels()).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  const environment = ['--env', 'DEBIAN_FRONTEND=noninteractive', '--env', 'LANG=C.UTF-8'];
  try {
    await execa('docker', ['run', '--name', name, ...labelled, ...environment, base, 'sh', '-euc', script]);
    const unset = ['--change', 'ENV DEBIAN_FRONTEND='];
    const unlabelled = Object.keys(labels()).flatMap((key) => ['--change', `LABEL ${key}=`]);
    await execa('docker', ['commit', ...unset, ...unlabelled, name, image]);
  } finally {
    await execa('docker', ['rm', '--force', '--volumes', name], { reject: false });
  }
}

/** Removes the images of earlier recipes; those in use stay. */
async function removeOthers(repository: string, image: string) {
  const { stdout } = await execa('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository]);
  const others = stdout.split('\n').filter((name) => name && name !== image);
  if (others.length > 0) await execa('docker', ['image', 'rm', ...others], { reject: false });
}
