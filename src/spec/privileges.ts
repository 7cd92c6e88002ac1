import type { ResolvedDeployFile } from './types.ts';

/** What decides about the roles of a database. */
type Decisive = Pick<ResolvedDeployFile, 'app' | 'database'>;

/**
 * What the program's role may do in the database of a host: what deploy.yaml says, else no more than rows where migrations change
 * the schema. Nothing but the program could change it otherwise.
 */
export function privilegesOf({ app, database }: Decisive): 'data' | 'owner' {
  if (database?.placement !== 'host') return 'owner';
  return database.privileges ?? (app.migrations !== undefined && app.runtime === 'systemd' ? 'data' : 'owner');
}

/** Whether migrations run as a role of their own, and so as a user of the system of their own. */
export function hasMigrator(spec: Decisive): boolean {
  const { app, database } = spec;
  if (app.migrations === undefined || app.runtime !== 'systemd' || !database) return false;
  return database.placement === 'host' ? privilegesOf(spec) === 'data' : database.migrator?.user !== undefined;
}

/** Names of the roles of a project in the database of a host. All but owner and reader are users of the system, too. */
export const roleNames = (project: string) => ({
  program: project,
  owner: `${project}-owner`,
  migrator: `${project}-migrate`,
  reader: `${project}-read`,
  backup: `${project}-backup`,
});
