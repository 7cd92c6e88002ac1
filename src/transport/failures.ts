import { createHash } from 'node:crypto';
import { type DiagnosticsError, ExitCode, failure, printable } from '../diagnostic.ts';
import { type Endpoint, placeOf } from './endpoint.ts';
import type { SshError } from './retry.ts';

/** OpenSSH's way to print a key: SHA-256 of the blob in unpadded base64. */
export const fingerprint = (key: string): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;

/** An attempt to log in to a server, and what was seen of it. */
export interface Attempt {
  readonly endpoint: Endpoint;
  /** The keys that it may show, type and base64; none before they are known. */
  pinned: readonly string[];
  /** The host key that it showed, in base64, if it came so far. */
  shown?: string;
  /** How long it may wait for an answer, in milliseconds. */
  readonly timeout: number;
}

/** An error with exit code 8 (unreachable). */
export const unreachable = (host: string, code: string, message: string, fix: string): DiagnosticsError =>
  failure({ code: `ssh.${code}`, subject: host, message, fix }, ExitCode.unreachable);

/** Says why an attempt to log in failed, and what to type. */
export function explain(error: SshError, attempt: Attempt): DiagnosticsError {
  return hostKeyProblem(error, attempt) ?? loginProblem(error, attempt) ?? networkProblem(error, attempt);
}

function hostKeyProblem(error: SshError, { endpoint, pinned, shown }: Attempt): DiagnosticsError | undefined {
  const { host, prefix } = endpoint;
  const names = pinned.map((key) => `${key.split(' ')[0]} ${fingerprint(key.split(' ')[1] ?? '')}`).join(', ');
  if (shown !== undefined && !pinned.some((key) => key.split(' ')[1] === shown)) {
    const message = `${placeOf(endpoint)} shows the host key ${fingerprint(shown)}, but host.yaml pins ${names}; somebody may be in between`;
    const fix = `if it was reinstalled, compare with "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" on its console, then correct ${prefix}hostKeys in host.yaml`;
    return unreachable(host, 'host-key', message, fix);
  }
  if (!/no matching host key/i.test(error.message)) return undefined;
  const message = `${placeOf(endpoint)} has no host key of the pinned type (${names})`;
  const fix = `pin one of the keys in /etc/ssh/*_key.pub of the server in host.yaml: ${prefix}hostKeys`;
  return unreachable(host, 'host-key-type', message, fix);
}

function loginProblem(error: SshError, { endpoint }: Attempt): DiagnosticsError | undefined {
  const { host, user, prefix } = endpoint;
  const place = placeOf(endpoint);
  if (/too many authentication failures/i.test(error.message)) {
    const message = `${place} hung up before the right key of ${user} was found: it takes only a few attempts (MaxAuthTries)`;
    return unreachable(host, 'login', message, `name the right key in host.yaml: ${prefix}identityFile`);
  }
  if (error.level === 'agent') {
    const message = `the SSH agent did not sign for ${user} at ${place}: ${printable(error.message)}`;
    const fix = 'unlock the agent, confirm its question, or load the key anew (ssh-add)';
    return unreachable(host, 'agent', message, fix);
  }
  if (error.level !== 'client-authentication') return undefined;
  const message = `${place} does not let ${user} in with the key that was offered`;
  const fix = `add the public key to ~${user}/.ssh/authorized_keys there, or name the right one in host.yaml: ${prefix}identityFile`;
  return unreachable(host, 'login', message, fix);
}

function networkProblem(error: SshError, { endpoint, timeout }: Attempt): DiagnosticsError {
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ETIMEDOUT: `no answer within ${timeout / 1000} s`,
    ECONNRESET: 'it hung up during the handshake',
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'there is no route to it',
    ENOTFOUND: 'its name cannot be resolved',
    EAI_AGAIN: 'its name cannot be resolved now',
  };
  const reason = reasons[error.code ?? ''] ?? printable(error.message);
  const message = `${placeOf(endpoint)} cannot be reached: ${reason}`;
  const keys = `${endpoint.prefix}address and ${endpoint.prefix}port`;
  return unreachable(
    endpoint.host,
    'unreachable',
    message,
    `check that it is up and that ${keys} in host.yaml are right`,
  );
}
