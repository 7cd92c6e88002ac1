import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { aptOptions } from '../lab/apt.ts';
import { clientKeyIn } from '../lab/client-key.ts';
import { codenames, type Release } from '../lab/releases.ts';
import { ensureCommand } from '../support/packages.ts';
import { archive, files, finishing, modules, packages } from './guest.ts';

/** A disk to copy, and what its first boot needs. */
export interface Image {
  readonly release: Release;
  /** ext4 without a partition table, in a raw file. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** Private key with which root logs in. */
  readonly identityFile: string;
  /** Public keys of its sshd, as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** Installs the programs that build and run a virtual machine. Throws, with what to install, where that is impossible. */
export async function ensurePrograms(): Promise<void> {
  await ensureCommand('qemu-system-x86_64', ['qemu-system-x86']);
  await ensureCommand('mmdebstrap', ['mmdebstrap']);
  await ensureCommand('debugfs', ['e2fsprogs']);
}

/** Debian 13 keeps the zones by their old names, which every zone but UTC brings along, in a package of their own. */
const packagesOf = (release: Release, more: readonly string[]) => [
  ...packages,
  ...(release === 'debian-13' ? ['tzdata-legacy'] : []),
  ...more,
];

/** The image of a release with more packages, built when this recipe was not built on this machine yet (three minutes). */
export async function ensureImage(release: Release, more: readonly string[] = []): Promise<Image> {
  const options = await aptOptions();
  const recipe = JSON.stringify([release, options, packagesOf(release, more), files, archive, finishing, modules]);
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), 'fairlead-vm', `${[release, ...more].join('+')}-${hash}`);
  if (!existsSync(folder)) await build(release, more, options, folder);
  return {
    release,
    disk: join(folder, 'disk.raw'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    identityFile: join(folder, 'id_ed25519'),
    hostKeys: readFileSync(join(folder, 'hostKeys'), 'utf8').trim().split('\n'),
  };
}

async function build(release: Release, more: readonly string[], options: string[], folder: string): Promise<void> {
  console.log(`building the image of ${release} …`);
  const half = `${folder}.new`;
  const root = join(half, 'root');
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  try {
    await unpack(release, more, options, root);
    await furnish(root, half);
    await execa('mke2fs', [
      '-q',
      '-t',
      'ext4',
      '-E',
      'lazy_itable_init=0',
      '-d',
      root,
      join(half, 'disk.raw'),
      '2500M',
    ]);
    for (const name of ['root', 'early']) rmSync(join(half, name), { recursive: true });
    renameSync(half, folder);
    removeOthers(folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

/** Removes the images of earlier recipes. */
function removeOthers(folder: string): void {
  const prefix = basename(folder).replace(/[^-]*$/, '');
  for (const name of readdirSync(dirname(folder)))
    if (name.startsWith(prefix) && name !== basename(folder))
      rmSync(join(dirname(folder), name), { recursive: true, force: true });
}

/** In a mount namespace of its own, so that a build that is killed leaves no /proc or /sys mounted in the folder. */
const apart = (...command: string[]) => execa('unshare', ['--mount', '--propagation', 'private', ...command]);

async function unpack(release: Release, more: readonly string[], options: string[], root: string): Promise<void> {
  const prepared = join(dirname(root), 'early');
  put(join(prepared, 'etc/initramfs-tools/conf.d/vm'), 'MODULES=list\n');
  put(join(prepared, 'etc/initramfs-tools/modules'), `${modules.join('\n')}\n`);
  const hooks = [`--setup-hook=cp -r ${prepared}/. "$1"`, `--customize-hook=${archive}`];
  const include = `--include=${packagesOf(release, more).join(',')}`;
  const apt = options.map((option) => `--aptopt=${option}`);
  await apart('mmdebstrap', '--variant=minbase', include, ...hooks, ...apt, codenames[release], root);
}

async function furnish(root: string, folder: string): Promise<void> {
  for (const [path, { text, mode = 0o644 }] of Object.entries(files)) put(join(root, path), text, mode);
  await apart('chroot', root, 'sh', '-euc', finishing);
  const { publicKey } = await clientKeyIn(folder);
  put(join(root, 'root/.ssh/authorized_keys'), `${publicKey}\n`, 0o600);
  chmodSync(join(root, 'root/.ssh'), 0o700);
  const names = readdirSync(join(root, 'etc/ssh')).filter((name) => /^ssh_host_.*\.pub$/.test(name));
  const keys = names.map((name) =>
    readFileSync(join(root, 'etc/ssh', name), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' '),
  );
  writeFileSync(join(folder, 'hostKeys'), `${keys.join('\n')}\n`);
  for (const name of ['vmlinuz', 'initrd.img']) {
    const newest = readdirSync(join(root, 'boot')).find((file) => file.startsWith(`${name}-`));
    await execa('cp', [join(root, 'boot', newest ?? name), join(folder, name)]);
  }
}

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}
