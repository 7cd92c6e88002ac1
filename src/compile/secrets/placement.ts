/** Which hosts a secret belongs on, by the places of deploy.yaml that name it. Rules and the compiler ask here only. */
import type { SecretUse } from '../../spec/secret-uses.ts';
import type { ResolvedHostFile } from '../../spec/types.ts';
import { hasRole, jobHost, migratesOn } from '../topology.ts';

type Hosts = readonly ResolvedHostFile[];
/** `database` is where the database is (database.placement), if there is one. */
type Placement = (host: ResolvedHostFile, hosts: Hosts, database: string | undefined) => boolean;

const onProcesses: Placement = (host) => hasRole(host, 'app') || hasRole(host, 'worker');

/** Wherever the database is: a secret is not worth more than one host too many. */
const migrates: Placement = (host, hosts) => migratesOn('host', hosts, host) || migratesOn('external', hosts, host);

/** By the beginning of a key; the first that fits counts. A key that none fits is used on every host. */
const placements: readonly (readonly [string, Placement])[] = [
  ['app.workers', (host) => hasRole(host, 'worker')],
  ['app.jobs', (host, hosts) => jobHost(hosts)?.name === host.name],
  ['app', onProcesses],
  ['storage', onProcesses],
  ['mail', onProcesses],
  ['cache', onProcesses],
  ['database.tls.key', (host) => hasRole(host, 'database')],
  ['database.reader', (host) => hasRole(host, 'database')],
  ['database.migrator', (host, ...rest) => hasRole(host, 'database') || migrates(host, ...rest)],
  ['database', (host, ...rest) => onProcesses(host, ...rest) || hasRole(host, 'database')],
  [
    'backups',
    (host, hosts, database) =>
      database === 'external' ? migratesOn(database, hosts, host) : hasRole(host, 'database'),
  ],
  ['proxy', (host) => hasRole(host, 'proxy')],
  ['tls', (host) => hasRole(host, 'proxy')],
];

function isUsedOn({ path }: SecretUse, host: ResolvedHostFile, hosts: Hosts, database: string | undefined): boolean {
  const key = `${path.join('.')}.`;
  const placement = placements.find(([beginning]) => key.startsWith(`${beginning}.`));
  return placement ? placement[1](host, hosts, database) : true;
}

/** The hosts that need a secret, in the order of `hosts`. `database` is where the database is, if there is one. */
export const hostsNeeding = (
  secret: string,
  uses: readonly SecretUse[],
  hosts: Hosts,
  database: string | undefined,
): ResolvedHostFile[] =>
  hosts.filter((host) => uses.some((use) => use.secret === secret && isUsedOn(use, host, hosts, database)));

/** Names of the secrets that a host needs, sorted. */
export const secretsOn = (
  host: ResolvedHostFile,
  uses: readonly SecretUse[],
  hosts: Hosts,
  database: string | undefined,
): string[] =>
  [...new Set(uses.filter((use) => isUsedOn(use, host, hosts, database)).map(({ secret }) => secret))].sort();
