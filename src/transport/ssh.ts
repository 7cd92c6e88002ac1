import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, NodeSSH } from 'node-ssh';
import { DiagnosticsError } from '../diagnostic.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { Bastions } from './bastions.ts';
import { CertifiedKeys } from './certified.ts';
import { connectionOver, prove } from './connection.ts';
import { credentials, type Offers } from './credentials.ts';
import { bastionOf, type Endpoint, endpointOf } from './endpoint.ts';
import { type Attempt, explain } from './failures.ts';
import { Gate } from './gate.ts';
import { Logins, ownSource } from './logins.ts';
import { type Mishap, mishapOf, retryDelay, type SshError } from './retry.ts';
import { direct, type Route } from './route.ts';
import { elevationOf, needsPassword, noPassword } from './sudo.ts';
import type { Connection } from './transport.ts';

export { fingerprint } from './failures.ts';

/** Times in milliseconds. */
export interface Patience {
  /** How long a server may take to accept a connection, and again to finish the handshake. */
  readonly timeout: number;
  /** A link is lost when `unanswered` questions in a row, one every `keepalive`, got no answer. */
  readonly keepalive: number;
  readonly unanswered: number;
}

const patience: Patience = { timeout: 10_000, keepalive: 15_000, unanswered: 3 };

/** sshd refuses at random from ten logins at a time on (MaxStartups 10:30:100); all bastions and hosts together get no more. */
const HANDSHAKES = 10;

/** Signature algorithms that may prove a key of each type (RFC 8332 for RSA). */
const algorithms: Record<string, readonly string[]> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'] };

/** Makes SSH connections; what they share (passwords, bastions, the limit of handshakes) lives as long as this does. */
export class SshClient {
  readonly #gate = new Gate(HANDSHAKES);
  readonly #bastions = new Bastions();
  readonly #certified = new CertifiedKeys();

  constructor(
    private readonly logins: Logins,
    private readonly patience: Patience,
    private readonly random: () => number = Math.random,
  ) {}

  /** See prepareLogins. */
  async prepare(hosts: readonly ResolvedHostFile[], folder: string): Promise<void> {
    const asking = hosts.filter(needsPassword).map(({ name }) => name);
    if (asking.length > 0 && (await this.logins.sudoPassword(asking)) === undefined) throw noPassword(asking);
    const endpoints = hosts.flatMap((host) => [
      ...(host.jump ? [bastionOf(host.name, host.jump)] : []),
      endpointOf(host),
    ]);
    const byFile = new Map(endpoints.map((endpoint) => [endpoint.identityFile, endpoint]));
    for (const endpoint of byFile.values()) {
      // What is wrong with a key concerns the hosts that use it, and is said again when they are connected.
      await credentials(endpoint, folder, this.logins).catch(passDiagnostics);
    }
  }

  /** See connectSsh. */
  async connect(host: ResolvedHostFile, folder: string): Promise<Connection> {
    const endpoint = endpointOf(host);
    const password = needsPassword(host) ? await this.logins.sudoPassword([host.name]) : undefined;
    if (password === undefined && needsPassword(host)) throw noPassword([host.name]);
    const offers = await credentials(endpoint, folder, this.logins);
    const route = await this.#route(host, folder);
    try {
      const ssh = await this.#login(endpoint, offers, route);
      if (password !== undefined) await prove(password, ssh, host);
      return connectionOver(ssh, host, elevationOf(host, password), route);
    } catch (error) {
      route.close();
      throw error;
    }
  }

  async #route({ name, jump }: ResolvedHostFile, folder: string): Promise<Route> {
    const { timeout } = this.patience;
    if (!jump) return direct(timeout);
    return this.#bastions.through(name, jump, timeout, async (bastion) =>
      this.#login(bastion, await credentials(bastion, folder, this.logins), direct(timeout)),
    );
  }

  async #login(endpoint: Endpoint, offers: Offers, route: Route): Promise<NodeSSH> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#gate.pass(() => this.#attempt(endpoint, offers, route));
      if (outcome instanceof NodeSSH) return outcome;
      const pause = retryDelay(outcome.mishap, attempt, this.random());
      if (pause === undefined) throw outcome.error;
      await sleep(pause);
    }
  }

  async #attempt(endpoint: Endpoint, offers: Offers, route: Route): Promise<NodeSSH | FailedAttempt> {
    const attempt: Attempt = { endpoint, pinned: [], timeout: this.patience.timeout };
    const ssh = new NodeSSH();
    let socket: Duplex | undefined;
    try {
      socket = await route.open(endpoint.address, endpoint.port);
      socket.on('error', ignore);
      attempt.pinned = await this.#certified.accepted(endpoint, route, attempt.timeout);
      await ssh.connect(this.#settings(attempt, offers, socket));
      // A connection that breaks later ends its commands (code -1); without a listener it would end the process.
      ssh.connection?.on('error', ignore);
      return ssh;
    } catch (error) {
      ssh.dispose();
      socket?.destroy();
      return this.#failed(error as SshError | DiagnosticsError, attempt);
    }
  }

  #failed(error: SshError | DiagnosticsError, attempt: Attempt): FailedAttempt {
    const explained = error instanceof DiagnosticsError ? error : explain(error, attempt);
    if (explained.diagnostics[0]?.code === 'ssh.host-key') this.#certified.forget(attempt.endpoint);
    return { mishap: mishapOf(error), error: explained };
  }

  #settings(attempt: Attempt, offers: Offers, socket: Duplex): Config {
    const { timeout, keepalive, unanswered } = this.patience;
    return {
      sock: socket as never,
      host: attempt.endpoint.address,
      username: attempt.endpoint.user,
      readyTimeout: timeout,
      keepaliveInterval: keepalive,
      keepaliveCountMax: unanswered,
      algorithms: { serverHostKey: keyTypes(attempt.pinned) as never },
      authHandler: [...offers],
      hostVerifier: (key: Buffer) => {
        const shown = key.toString('base64');
        attempt.shown = shown;
        return attempt.pinned.some((one) => one.split(' ')[1] === shown);
      },
    };
  }
}

interface FailedAttempt {
  readonly mishap: Mishap;
  readonly error: DiagnosticsError;
}

const ignore = () => undefined;

function passDiagnostics(error: unknown): void {
  if (!(error instanceof DiagnosticsError)) throw error;
}

const keyTypes = (pinned: readonly string[]) => [
  ...new Set(
    pinned.flatMap((key) => {
      const type = key.split(' ')[0] ?? '';
      return algorithms[type] ?? [type];
    }),
  ),
];

let ours: SshClient | undefined;

/** The client of this process; made when it is first needed, so that nothing is asked before. */
function ownClient(): SshClient {
  ours ??= new SshClient(new Logins(ownSource()), patience);
  return ours;
}

/**
 * Connects to a host by SSH, through its bastion if it has one: only to the host keys of host.yaml, and never by a connection
 * that is open already. A failure that may pass (the server hung up during the handshake) is tried again a few times.
 *
 * @param projectFolder what a relative identityFile is relative to.
 * @throws DiagnosticsError (exit code 8) when host or bastion is down, shows another key, refuses the login or the password of
 * sudo; (exit code 1) when there is no key or no password to try.
 */
export const connectSsh = (host: ResolvedHostFile, projectFolder: string): Promise<Connection> =>
  ownClient().connect(host, projectFolder);

/**
 * Asks for everything that connecting to these hosts will need (the password of sudo, passphrases of keys), before any of them
 * is connected.
 *
 * @throws DiagnosticsError (exit code 1) when a host needs a password for sudo and nobody gives one.
 */
export const prepareLogins = (hosts: readonly ResolvedHostFile[], projectFolder: string): Promise<void> =>
  ownClient().prepare(hosts, projectFolder);
