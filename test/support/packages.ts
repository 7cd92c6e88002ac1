import { execa } from 'execa';

/** Whether a command is on the PATH. */
export async function hasCommand(name: string): Promise<boolean> {
  const { exitCode } = await execa('sh', ['-c', `command -v ${name}`], { reject: false });
  return exitCode === 0;
}

/** Whether `ensureCommand` may install what is missing: apt is there and we are root. */
export async function canInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && (await hasCommand('apt-get'));
}

/**
 * Makes sure that a command of this machine is there, by installing Debian packages when it is not. Throws, with what
 * to install by hand, where that is impossible.
 */
export async function ensureCommand(command: string, packages: string[]): Promise<void> {
  if (await hasCommand(command)) return;
  const list = packages.join(' ');
  if (!(await canInstall())) {
    throw new Error(
      `${command} is missing; install it (Debian: apt-get install ${list}), or run this as root on Debian`,
    );
  }
  console.log(`installing ${list} (apt) …`);
  await install(packages);
}

async function install(packages: string[]) {
  const command = ['install', '--yes', '--no-install-recommends', ...packages];
  const first = await apt(command, false);
  if (first.exitCode === 0) return;
  await apt(['update'], true);
  await apt(command, true);
}

function apt(command: string[], reject: boolean) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  return execa('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...command], { env, reject, stdin: 'ignore' });
}
