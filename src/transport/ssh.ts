import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { NodeSSH } from 'node-ssh';
import ssh2 from 'ssh2';
import { type DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { CommandOptions, CommandResult, Connection } from './transport.ts';

/** How long a host may take to accept the connection, and again to finish the handshake, in milliseconds. */
const TIMEOUT = 10_000;

const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Signature algorithms that may prove a key of each type (RFC 8332 for RSA). */
const algorithms: Record<string, readonly string[]> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'] };

/**
 * Connects to a host by SSH. Only the host keys of host.yaml are accepted, and only their types are asked for.
 *
 * @param projectFolder what a relative identityFile is relative to.
 * @throws DiagnosticsError (exit code 8) when the host is down, shows another key or refuses the login.
 */
export async function connectSsh(host: ResolvedHostFile, projectFolder: string): Promise<Connection> {
  const ssh = new NodeSSH();
  let shown: string | undefined;
  let socket: Socket | undefined;
  try {
    // Without TCP_NODELAY each exec waits for a delayed acknowledgement: 47 ms instead of 9 ms on loopback.
    socket = await openSocket(host);
    socket.setNoDelay(true);
    await ssh.connect({
      sock: socket as never,
      host: host.address,
      username: host.user,
      readyTimeout: TIMEOUT,
      algorithms: { serverHostKey: keyTypes(host) as never },
      hostVerifier: (key: Buffer) => {
        shown = key.toString('base64');
        return host.hostKeys.some((pinned) => pinned.split(' ')[1] === shown);
      },
      ...credentials(host, projectFolder),
    });
  } catch (error) {
    ssh.dispose();
    socket?.destroy();
    throw explain(error as NodeJS.ErrnoException & { level?: string }, host, shown);
  }
  // A connection that breaks later ends its commands (code -1); without a listener it would end the process.
  ssh.connection?.on('error', () => undefined);
  return {
    run: (script, options) => run(ssh, host, script, options),
    close: () => ssh.dispose(),
  };
}

function openSocket(host: ResolvedHostFile): Promise<Socket> {
  return new Promise((opened, failed) => {
    const socket = connectTcp({ host: host.address, port: host.port });
    socket.setTimeout(TIMEOUT, () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', failed);
      opened(socket);
    });
  });
}

const keyTypes = (host: ResolvedHostFile) => [
  ...new Set(
    host.hostKeys.flatMap((key) => {
      const type = key.split(' ')[0] ?? '';
      return algorithms[type] ?? [type];
    }),
  ),
];

/** What to log in with: the host's own key, or else the agent's keys and the first of the usual files that needs no passphrase. */
function credentials(host: ResolvedHostFile, projectFolder: string): { privateKey?: string; agent?: string } {
  if (host.identityFile) {
    return { privateKey: readKey(resolve(projectFolder, host.identityFile.replace(/^~(?=\/)/, homedir())), host) };
  }
  const files = defaultKeys.map((name) => resolve(homedir(), '.ssh', name)).filter((path) => existsSync(path));
  const keys = files.map((path) => readKey(path, host)).filter((key) => !(ssh2.utils.parseKey(key) instanceof Error));
  const agent = process.env.SSH_AUTH_SOCK;
  const found = { ...(keys[0] ? { privateKey: keys[0] } : {}), ...(agent ? { agent } : {}) };
  if (Object.keys(found).length > 0) return found;
  throw failure({
    code: 'ssh.no-key',
    subject: host.name,
    message: 'there is no key to log in with: no SSH agent runs, and ~/.ssh has no key that works without a passphrase',
    fix: 'start an agent (eval "$(ssh-agent)"; ssh-add), or name a key in host.yaml: identityFile: ~/.ssh/my_key',
  });
}

function readKey(path: string, host: ResolvedHostFile): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw failure({
      code: 'ssh.key-unreadable',
      subject: host.name,
      message: `the key ${path} cannot be read: ${(error as Error).message}`,
      fix: 'correct identityFile in host.yaml, or the permissions of the key',
    });
  }
}

/** OpenSSH's way to print a key: SHA-256 of the blob in unpadded base64. */
export const fingerprint = (key: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;

type SshError = NodeJS.ErrnoException & { level?: string };

function explain(error: SshError, host: ResolvedHostFile, shown: string | undefined): DiagnosticsError | SshError {
  if (error.name === 'DiagnosticsError') return error;
  const place = `${host.address}:${host.port}`;
  const problem = (code: string, message: string, fix: string) =>
    failure({ code: `ssh.${code}`, subject: host.name, message, fix }, ExitCode.unreachable);
  const pinned = host.hostKeys.map((key) => `${key.split(' ')[0]} ${fingerprint(key.split(' ')[1] ?? '')}`).join(', ');
  if (shown !== undefined && !host.hostKeys.some((key) => key.split(' ')[1] === shown)) {
    return problem(
      'host-key',
      `${place} shows the host key ${fingerprint(shown)}, but host.yaml pins ${pinned}; somebody may be in between`,
      `if the host was reinstalled, compare with "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" on its console, then correct hostKeys in host.yaml`,
    );
  }
  if (/no matching host key/i.test(error.message)) {
    return problem(
      'host-key-type',
      `${place} has no host key of the pinned type (${pinned})`,
      'pin one of the keys in /etc/ssh/*_key.pub of the host in host.yaml',
    );
  }
  if (error.level === 'client-authentication') {
    return problem(
      'login',
      `${place} does not let ${host.user} in with the key that was offered`,
      `add the public key to ~${host.user}/.ssh/authorized_keys on the host, or name the right one in host.yaml: identityFile`,
    );
  }
  if (/parse|passphrase|encrypted/i.test(error.message)) {
    return problem(
      'key-format',
      `the private key cannot be used: ${error.message}`,
      'load it into an SSH agent (ssh-add), which can ask for its passphrase',
    );
  }
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ETIMEDOUT: `no answer within ${TIMEOUT / 1000} s`,
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'there is no route to it',
    ENOTFOUND: 'its name cannot be resolved',
    EAI_AGAIN: 'its name cannot be resolved now',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return problem(
    'unreachable',
    `${place} cannot be reached: ${reason}`,
    'check that the host is up and that address and port in host.yaml are right',
  );
}

/** One argument for a POSIX shell. Used for the text of our own scripts only. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

async function run(
  ssh: NodeSSH,
  host: ResolvedHostFile,
  script: string,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const command = `${host.user === 'root' ? '' : 'sudo -n -- '}sh -c ${quote(script)}`;
  const feed = options.onLine ? lines(options.onLine) : undefined;
  const result = await ssh.execCommand(command, {
    encoding: 'latin1',
    ...(options.input === undefined ? {} : { stdin: options.input as never }),
    ...(feed ? { onStdout: feed } : {}),
    noTrim: true,
  });
  return {
    code: result.code ?? -1,
    stdout: Buffer.from(result.stdout, 'latin1'),
    stderr: Buffer.from(result.stderr, 'latin1').toString('utf8'),
  };
}

/** Cuts chunks into lines. */
function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  // A letter may come in two chunks.
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) onLine(line);
  };
}
