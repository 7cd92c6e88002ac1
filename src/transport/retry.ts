/** An error of a connection that is being made, as Node.js and ssh2 report it. */
export type SshError = NodeJS.ErrnoException & { level?: string };

/**
 * How an attempt to connect failed, as far as another goes. `dropped`: the server hung up during the handshake, as sshd does at
 * random above MaxStartups. `silent`: it accepted the connection and did not answer in time. `refused`: nothing listens.
 * `final`: the same would happen again.
 */
export type Mishap = 'dropped' | 'silent' | 'refused' | 'final';

/** How many more attempts each is worth; a silent server takes its whole time limit at each. */
const retries: Readonly<Record<Mishap, number>> = { dropped: 5, silent: 1, refused: 1, final: 0 };

/** The mean pause before the first retry, in milliseconds; each further one is twice as long. */
const FIRST_PAUSE = 250;

/**
 * How long to wait before the next attempt, in milliseconds; undefined when there should be none.
 *
 * @param attempt how many attempts failed, from 1.
 * @param random from 0 to 1; spreads clients that failed together.
 */
export function retryDelay(mishap: Mishap, attempt: number, random: number): number | undefined {
  if (attempt > retries[mishap]) return undefined;
  return FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + random);
}

/** What kind of failure an error is. A wrong host key, a refused login and everything unknown are final. */
export function mishapOf({ code, level, message }: SshError): Mishap {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'dropped';
  if (level === 'client-timeout') return 'silent';
  // ssh-keyscan does not say whether it was hung up on.
  if (message.startsWith('ssh.no-host-certificate:')) return 'silent';
  // ssh2 says the first when the connection ended before the server's banner, node-ssh the second when it ended after.
  return /^(Connection lost before handshake|No response from server)$/.test(message) ? 'dropped' : 'final';
}
