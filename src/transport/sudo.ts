import { Readable } from 'node:stream';
import { ExitCode, failure, printable } from '../diagnostic.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { unreachable } from './failures.ts';
import { SUDO_PASSWORD } from './logins.ts';

/** One argument for a POSIX shell. Used for the text of our own scripts only. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The line that ends what is meant for sudo. */
const MARK = 'fairlead: input of the script follows';

/**
 * sudo reads the password from standard input, or does not when a rule says NOPASSWD. So root first reads up to a mark, a byte at
 * a time as read of a POSIX shell must, and the script finds its own input behind it.
 */
const skip = `while IFS= read -r line && [ "$line" != '${MARK}' ]; do :; done; unset line\n`;

/** How one user runs scripts as root. */
export interface Elevation {
  command(script: string): string;
  input(own: string | Readable | undefined): string | Readable | undefined;
}

const plain = (before: string): Elevation => ({
  command: (script) => `${before}sh -c ${quote(script)}`,
  input: (own) => own,
});

/** `-k` leaves no cached credentials to depend on, and leaves none behind. */
const withPassword = (password: string): Elevation => ({
  command: (script) => `sudo -k -S -p '' -- sh -c ${quote(`${skip}${script}`)}`,
  input: (own) => joined(`${password}\n${MARK}\n`, own),
});

function joined(head: string, own: string | Readable | undefined): string | Readable {
  if (own === undefined || typeof own === 'string') return `${head}${own ?? ''}`;
  return Readable.from(
    (async function* () {
      yield Buffer.from(head);
      yield* own;
    })(),
    { objectMode: false },
  );
}

/** Whether a host's scripts need a password. Root needs no sudo. */
export const needsPassword = ({ user, sudo }: ResolvedHostFile): boolean => sudo === 'password' && user !== 'root';

/** @param password of sudo, where needsPassword says so. */
export function elevationOf({ user }: ResolvedHostFile, password: string | undefined): Elevation {
  if (user === 'root') return plain('');
  return password === undefined ? plain('sudo -n -- ') : withPassword(password);
}

/** The command that tries a password, once, and prints `ready`; its input must end after the password and a line break. */
export const trial = `sudo -k -S -p '' -- sh -c 'printf ready'`;

/** What sudo said when it refused: its last line. */
export function refusedPassword({ name, user }: ResolvedHostFile, stderr: string): Error {
  const said = printable(stderr.trim().split('\n').at(-1) ?? '').slice(0, 200);
  return unreachable(
    name,
    'sudo-password',
    `${user} does not become root on ${name} with the given password${said === '' ? '' : ` (${said})`}`,
    `type it anew or correct ${SUDO_PASSWORD}; on the host, "sudo -l -U ${user}" says what sudo lets ${user} do`,
  );
}

/** Nobody gave the password that hosts need. */
export const noPassword = (hosts: readonly string[]): Error =>
  failure(
    {
      code: 'ssh.sudo-password-missing',
      subject: hosts.join(', '),
      message: 'host.yaml says that sudo asks for a password there, and nobody gave it; nothing was connected',
      fix: `run this at a terminal, or set ${SUDO_PASSWORD}`,
    },
    ExitCode.error,
  );
