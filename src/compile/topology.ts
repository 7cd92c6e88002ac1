/** Who does what among the hosts of an environment, and how one part reaches another. Rules and compilers ask here only. */
import type { ResolvedDeployFile, ResolvedHostFile } from '../spec/types.ts';

export type Role = ResolvedHostFile['roles'][number];

type Hosts = readonly ResolvedHostFile[];

export const hasRole = (host: ResolvedHostFile, role: Role): boolean => host.roles.includes(role);

/** The hosts with a role, in the order of their names. */
export const hostsWith = (hosts: Hosts, role: Role): ResolvedHostFile[] => hosts.filter((host) => hasRole(host, role));

/** Whether web instances, workers or jobs of a spec run on a host. */
export const runsProcesses = ({ app }: Pick<ResolvedDeployFile, 'app'>, host: ResolvedHostFile): boolean =>
  hasRole(host, 'app') || (hasRole(host, 'worker') && Object.keys({ ...app.workers, ...app.jobs }).length > 0);

/** The one host that scheduled jobs run on: the first with the role worker. */
export const jobHost = (hosts: Hosts): ResolvedHostFile | undefined => hostsWith(hosts, 'worker')[0];

/** The one host with the cache: the first with the role app or worker. */
export const cacheHost = (hosts: Hosts): ResolvedHostFile | undefined =>
  hosts.find((host) => hasRole(host, 'app') || hasRole(host, 'worker'));

/** Hosts other than the cache's own whose processes use it. */
export const cacheClients = (hosts: Hosts): ResolvedHostFile[] =>
  hosts.filter((host) => (hasRole(host, 'app') || hasRole(host, 'worker')) && host.name !== cacheHost(hosts)?.name);

/** The address that other hosts of the project reach a host by. */
export const addressFor = (host: ResolvedHostFile): string => host.privateAddress ?? host.address;

/** Whether the processes of a host find the database on their own host, and so reach it over its socket. */
export const databaseIsLocal = (host: ResolvedHostFile): boolean => hasRole(host, 'database');

/** The database host that a host's processes use: itself, or the first with the role database. */
export const databaseHostFor = (hosts: Hosts, host: ResolvedHostFile): ResolvedHostFile | undefined =>
  databaseIsLocal(host) ? host : hostsWith(hosts, 'database')[0];

/** Hosts other than this one whose processes use this one's database. */
export const databaseClients = (hosts: Hosts, host: ResolvedHostFile): ResolvedHostFile[] =>
  hosts.filter(
    (other) =>
      other.name !== host.name &&
      (hasRole(other, 'app') || hasRole(other, 'worker')) &&
      databaseHostFor(hosts, other)?.name === host.name,
  );

/**
 * Whether a host brings the database up to date: the one where it runs, when that runs the program too; else the first app host
 * that uses it. `placement` is that of the database, if there is one.
 */
export function migratesOn(placement: string | undefined, hosts: Hosts, host: ResolvedHostFile): boolean {
  if (placement !== 'host') return hostsWith(hosts, 'app')[0]?.name === host.name;
  const server = databaseHostFor(hosts, host);
  if (!server) return false;
  if (hasRole(server, 'app')) return server.name === host.name;
  return databaseClients(hosts, server).find((client) => hasRole(client, 'app'))?.name === host.name;
}

/** Whether Certbot proves by files that it has the names of the site. */
const provesByFiles = ({ proxy, tls }: Pick<ResolvedDeployFile, 'proxy' | 'tls'>): boolean =>
  proxy !== undefined && (tls.provider === 'letsencrypt' || tls.provider === 'acme') && tls.challenge === 'http';

/**
 * The other proxies of a site, any of which an ACME server may come to with a challenge that this one has asked for. Proxies that
 * expect the PROXY protocol are reached through their load balancer alone.
 */
export const challengePeers = (
  spec: Pick<ResolvedDeployFile, 'proxy' | 'tls'>,
  hosts: Hosts,
  host: ResolvedHostFile,
): ResolvedHostFile[] =>
  provesByFiles(spec) && spec.proxy?.loadBalancer.protocol !== 'proxy' && hasRole(host, 'proxy')
    ? hostsWith(hosts, 'proxy').filter((other) => other.name !== host.name)
    : [];

/** Whether the web instances of an app host are reached from proxies on other hosts, over TCP; never without `proxy` in the file. */
export const hasRemoteProxy = (
  { proxy }: Pick<ResolvedDeployFile, 'proxy'>,
  hosts: Hosts,
  host: ResolvedHostFile,
): boolean =>
  proxy !== undefined &&
  hasRole(host, 'app') &&
  hostsWith(hosts, 'proxy').some((other) => other.name !== host.name && !hasRole(other, 'app'));

/** Where a proxy host finds web instances: its own when it runs the program, else those of all app hosts. */
export const upstreamHosts = (hosts: Hosts, proxy: ResolvedHostFile): ResolvedHostFile[] =>
  hasRole(proxy, 'app') ? [proxy] : hostsWith(hosts, 'app');
