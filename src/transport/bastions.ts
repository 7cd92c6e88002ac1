import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import { DiagnosticsError, printable } from '../diagnostic.ts';
import { bastionOf, type Endpoint, type Jump, placeOf } from './endpoint.ts';
import { unreachable } from './failures.ts';
import { listenFor, type Route } from './route.ts';

/** A connection to a bastion, with how many routes lead through it. */
interface Shared {
  readonly ssh: Promise<NodeSSH>;
  users: number;
}

/** Logs in to a bastion. @throws DiagnosticsError when that fails. */
export type Login = (bastion: Endpoint) => Promise<NodeSSH>;

/** Connections to bastions, one for all hosts that name the same in the same words; each ends with its last route. */
export class Bastions {
  readonly #shared = new Map<string, Shared>();

  /**
   * A route through a bastion.
   *
   * @param host that is to be reached; errors name it.
   * @param timeout how long the bastion may take to open a connection, in milliseconds.
   * @throws DiagnosticsError when the bastion cannot be reached.
   */
  async through(host: string, jump: Jump, timeout: number, login: Login): Promise<Route> {
    const bastion = bastionOf(host, jump);
    const key = JSON.stringify(jump);
    const shared = this.#shared.get(key) ?? this.#connect(key, bastion, login);
    shared.users += 1;
    const close = once(() => this.#leave(key, shared));
    try {
      const ssh = await shared.ssh;
      const open = (address: string, port: number) => forward(ssh, bastion, address, port, timeout);
      return { open, lend: (address, port, use) => listenFor(() => open(address, port), use), close };
    } catch (error) {
      close();
      throw error instanceof DiagnosticsError ? about(host, error) : error;
    }
  }

  #connect(key: string, bastion: Endpoint, login: Login): Shared {
    const shared: Shared = { ssh: login(bastion), users: 0 };
    this.#shared.set(key, shared);
    // One that broke must not be handed to whoever comes next.
    shared.ssh.then(
      (ssh) => ssh.connection?.once('close', () => this.#forget(key, shared)),
      () => this.#forget(key, shared),
    );
    return shared;
  }

  #leave(key: string, shared: Shared): void {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#forget(key, shared);
    shared.ssh.then(
      (ssh) => ssh.dispose(),
      () => undefined,
    );
  }

  #forget(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

/** The same error, about another host: all that wait for one bastion get the error of whoever came first. */
const about = (subject: string, { diagnostics, exitCode }: DiagnosticsError) =>
  new DiagnosticsError(
    diagnostics.map((diagnostic) => ({ ...diagnostic, subject })),
    exitCode,
  );

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254, section 5.1. */
const PROHIBITED = 1;

/** Opens a direct-tcpip channel (RFC 4254, section 7.2). */
async function forward(
  ssh: NodeSSH,
  bastion: Endpoint,
  address: string,
  port: number,
  timeout: number,
): Promise<Duplex> {
  const { promise: late, cancel } = timer(timeout);
  const opening = ssh.forwardOut('127.0.0.1', 0, address, port);
  try {
    return await Promise.race([opening, late]);
  } catch (error) {
    // One that opens after all is of no use any more.
    opening.then(
      (channel) => channel.destroy(),
      () => undefined,
    );
    throw refusal(bastion, `${address}:${port}`, error as Error & { reason?: unknown });
  } finally {
    cancel();
  }
}

function timer(milliseconds: number): { promise: Promise<never>; cancel: () => void } {
  let timeout: NodeJS.Timeout | undefined;
  const promise = new Promise<never>((_, failed) => {
    timeout = setTimeout(() => failed(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  return { promise, cancel: () => clearTimeout(timeout) };
}

function refusal(bastion: Endpoint, place: string, error: Error & { reason?: unknown }): DiagnosticsError {
  const said = printable(error.message.replace(/^\(SSH\) Channel open failure: /, ''));
  if (error.reason === PROHIBITED) {
    return unreachable(
      bastion.host,
      'bastion-forwarding',
      `${placeOf(bastion)} does not let ${bastion.user} forward connections to ${place} (${said})`,
      `allow it there in /etc/ssh/sshd_config: "AllowTcpForwarding local" (and PermitOpen ${place}, where that is set)`,
    );
  }
  return unreachable(
    bastion.host,
    'unreachable',
    `${place} cannot be reached from ${placeOf(bastion)}: ${said}`,
    'check that the host is up, and that address and port in host.yaml are those by which the bastion knows it',
  );
}
