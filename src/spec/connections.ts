import { databaseHostFor } from '../compile/topology.ts';
import type { ResolvedDeployFile, ResolvedHostFile } from './types.ts';

type Database = NonNullable<ResolvedDeployFile['database']>;

/** Connections beside those of the pools: administration, backups, migrations and drills. */
export const reservedConnections = 20;

const fewestConnections = 50;

/**
 * Connections that the project's processes may open to the server of one database host, or to an external server when no
 * host is given: each process has a pool of its own, or each host one pooler. Web instances count twice, because during a release both slots run.
 */
export function pooledConnections(
  spec: Pick<ResolvedDeployFile, 'app'>,
  { pool, pooler }: Database,
  hosts: readonly ResolvedHostFile[],
  server?: ResolvedHostFile,
): number {
  return hosts
    .filter((host) => server === undefined || databaseHostFor(hosts, host)?.name === server.name)
    .map((host) => processesOn(spec, host))
    .reduce(
      (sum, processes) => sum + (pooler.enabled ? Math.min(1, processes) * pooler.size : processes * pool.max),
      0,
    );
}

function processesOn({ app }: Pick<ResolvedDeployFile, 'app'>, { roles }: ResolvedHostFile): number {
  const workers = Object.values(app.workers).reduce((sum, worker) => sum + worker.instances, 0);
  const jobs = Object.keys(app.jobs).length;
  return (roles.includes('app') ? app.instances * 2 : 0) + (roles.includes('worker') ? workers + jobs : 0);
}

/** Connections that the server of a host accepts: what deploy.yaml says, else what its pools may open and a reserve. */
export const maxConnections = (
  spec: Pick<ResolvedDeployFile, 'app'>,
  database: Database,
  hosts: readonly ResolvedHostFile[],
  server: ResolvedHostFile,
): number =>
  database.maxConnections ??
  Math.max(fewestConnections, pooledConnections(spec, database, hosts, server) + reservedConnections);
