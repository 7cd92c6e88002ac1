import { maxConnections } from '../../spec/connections.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { ResolvedHostFile } from '../../spec/types.ts';
import { megabytes } from '../../spec/units.ts';
import { hasRole } from '../topology.ts';
import { from, type Traced } from '../trace.ts';

/** A line of postgresql.conf: name and value. */
export interface Setting {
  readonly name: string;
  readonly value: Traced;
}

export const setting = (name: string, key: string, value: string | number): Setting => ({
  name,
  value: from(key, String(value)),
});

type Database = NonNullable<ResolvedSpec['database']>;

/** Mebibytes that the server may plan with: what deploy.yaml says, else the host's, or half of it beside the program. */
export function memoryOf({ memory }: Pick<Database, 'memory'>, host: ResolvedHostFile): number {
  const shared = hasRole(host, 'app') || hasRole(host, 'worker');
  return memory ? megabytes(memory) : Math.floor(megabytes(host.memory) / (shared ? 2 : 1));
}

/** Worker processes that PostgreSQL counts with when nothing else is said. */
const workerProcesses = 8;

/**
 * Settings that follow from memory and cores by the formulas of pgtune for web applications (le0pard/pgtune, July 2026), but
 * for two: connections follow from the pools, and huge pages stay as PostgreSQL tries them.
 */
export function tuned(spec: ResolvedSpec, database: Database, host: ResolvedHostFile): Setting[] {
  const memory = memoryOf(database, host);
  const connections = maxConnections(spec, database, spec.hosts, host);
  const processes = Math.max(workerProcesses, host.cpus);
  const buffers = Math.max(16, Math.floor(memory / 4));
  const work = Math.floor(((memory - buffers) * 1024) / ((connections + processes) * 3));
  return [
    setting('max_connections', database.maxConnections ? 'database.maxConnections' : 'database.pool', connections),
    setting('max_worker_processes', 'database.memory', processes),
    setting('shared_buffers', 'database.memory', `${buffers}MB`),
    setting('effective_cache_size', 'database.memory', `${Math.max(16, Math.floor((memory * 3) / 4))}MB`),
    setting('maintenance_work_mem', 'database.memory', `${Math.min(8192, Math.max(16, Math.floor(memory / 16)))}MB`),
    setting('work_mem', 'database.memory', `${Math.min(1048576, Math.max(4096, work))}kB`),
  ];
}
