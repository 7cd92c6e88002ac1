import type { ResolvedDeployFile } from './types.ts';

/** What decides about backups. */
type Decisive = Pick<ResolvedDeployFile, 'app' | 'backups' | 'database' | 'host'>;

/**
 * What backs the database up, if anything of this project does. A server is backed up as a whole, by the project that manages its host; a dump is
 * made of one database, wherever that is but in a container.
 */
export function backupEngine({ app, backups, database, host }: Decisive): 'pgbackrest' | 'pg_dump' | undefined {
  if (!database || backups.engine === 'none' || database.placement === 'compose') return undefined;
  const isHere = database.placement === 'host';
  if (backups.engine === 'pgbackrest') return isHere && host.manage ? 'pgbackrest' : undefined;
  return isHere || app.runtime === 'systemd' ? 'pg_dump' : undefined;
}

/** Folder of the repository, in its file system or bucket. */
export const repositoryPath = ({ name, backups }: Pick<ResolvedDeployFile, 'name' | 'backups'>): string =>
  backups.repository.path ?? (backups.engine === 'pg_dump' ? `/var/backups/${name}` : '/var/lib/pgbackrest');
