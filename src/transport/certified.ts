import { authorities, type Endpoint, placeOf, plainKeys } from './endpoint.ts';
import { unreachable } from './failures.ts';
import { verifyHostCertificate } from './host-certificate.ts';
import { certificateTypes, scanCertificates } from './host-scan.ts';
import type { Route } from './route.ts';

/** Verified keys by server. A server asked too often without a login takes that for an attack (PerSourcePenalties). */
export class CertifiedKeys {
  readonly #known = new Map<string, Promise<string | undefined>>();

  /**
   * The keys that a server may show: those pinned in host.yaml, and the one that a certificate of its authorities vouches for.
   *
   * @param route how to get to the server.
   * @param timeout in milliseconds.
   * @throws DiagnosticsError (exit code 8) when no certificate is good and no plain key is pinned.
   */
  async accepted(endpoint: Endpoint, route: Route, timeout: number): Promise<string[]> {
    const plain = plainKeys(endpoint);
    if (authorities(endpoint).length === 0) return plain;
    const key = serverKey(endpoint);
    const known = this.#known.get(key) ?? certifiedKey(endpoint, route, timeout, plain.length > 0);
    this.#known.set(key, known);
    try {
      const certified = await known;
      return certified === undefined ? plain : [...plain, certified];
    } catch (error) {
      this.#known.delete(key);
      throw error;
    }
  }

  /** Forgets what is known of a server, which has another key now. */
  forget(endpoint: Endpoint): void {
    this.#known.delete(serverKey(endpoint));
  }
}

const serverKey = ({ address, port, hostKeys, host }: Endpoint) => JSON.stringify([address, port, hostKeys, host]);

/** The key in a good certificate. Without one: undefined when there are plain keys to go on with. */
async function certifiedKey(
  endpoint: Endpoint,
  route: Route,
  timeout: number,
  hasPlain: boolean,
): Promise<string | undefined> {
  const { host, address, port } = endpoint;
  const problems: string[] = [];
  for (const type of certificateTypes) {
    const blobs = await route.lend(address, port, (at, on) => scanCertificates(host, at, on, type, timeout / 1000));
    for (const blob of blobs) {
      const verdict = verifyHostCertificate(blob, { authorities: authorities(endpoint), address, now: seconds() });
      if ('key' in verdict) return verdict.key;
      problems.push(verdict.problem);
    }
  }
  if (hasPlain) return undefined;
  throw problems.length === 0 ? uncertified(endpoint) : refused(endpoint, problems);
}

const seconds = () => Math.floor(Date.now() / 1000);

const uncertified = (endpoint: Endpoint) =>
  unreachable(
    endpoint.host,
    'no-host-certificate',
    `${placeOf(endpoint)} shows no host certificate, and host.yaml pins only authorities (@cert-authority)`,
    `on the server, set HostCertificate in /etc/ssh/sshd_config, or pin its plain key in host.yaml: ${endpoint.prefix}hostKeys`,
  );

const refused = (endpoint: Endpoint, problems: readonly string[]) =>
  unreachable(
    endpoint.host,
    'host-certificate',
    `the host certificate of ${placeOf(endpoint)} is refused: ${[...new Set(problems)].join('; ')}`,
    `have it signed anew (ssh-keygen -s CA -h -n ${endpoint.address}), or name its authority in host.yaml: ${endpoint.prefix}hostKeys`,
  );
