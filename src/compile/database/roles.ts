import type { PostgresRoleResource } from '../../resources/resource.ts';
import { backupEngine } from '../../spec/backup-engine.ts';
import { hasMigrator, roleNames } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';

/** A role that is let in over a network, by the secret with its password. */
export interface Entrant {
  readonly role: string;
  /** Key of deploy.yaml that names the secret. */
  readonly key: string;
  readonly secret: string;
}

/**
 * The roles of a project in the database of a host: whom everything belongs to, who migrates as that one, the program, who
 * only reads, and who writes everything out. What each may do is said in database.sql.
 */
export function roleResources(spec: ResolvedSpec, needs: readonly string[]): PostgresRoleResource[] {
  const { owner, program, migrator, reader, backup } = roleNames(spec.name);
  const role = (name: string, login: boolean): PostgresRoleResource => ({
    kind: 'postgres-role',
    id: `postgres-role:${name}`,
    name,
    login,
    origin: 'database',
    needs,
  });
  return [
    role(owner, false),
    role(program, true),
    ...(hasMigrator(spec) ? [role(migrator, true)] : []),
    role(reader, true),
    ...(isDumpedByRole(spec) ? [role(backup, true)] : []),
  ];
}

/** Whether backups are made by a role of the database, and not as the server's own user. */
export const isDumpedByRole = (spec: ResolvedSpec): boolean => backupEngine(spec) === 'pg_dump';

/** The roles that have a password; on the server's own host none is needed. */
export function entrants(spec: ResolvedSpec): Entrant[] {
  const { database, name } = spec;
  const names = roleNames(name);
  const given = [
    { role: names.program, key: 'database.password', secret: database?.password },
    {
      role: names.migrator,
      key: 'database.migrator.password',
      secret: hasMigrator(spec) ? database?.migrator?.password : undefined,
    },
    { role: names.reader, key: 'database.reader.password', secret: database?.reader?.password },
  ];
  return given.flatMap(({ secret, ...entrant }) => (secret === undefined ? [] : [{ ...entrant, secret }]));
}
