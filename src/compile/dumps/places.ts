import { layout } from '../../resources/layout.ts';
import { backupEngine } from '../../spec/backup-engine.ts';
import { hasMigrator, roleNames } from '../../spec/privileges.ts';
import { databasePlace, migrationPlace } from '../app/places.ts';
import { backupPlaces } from '../backups/places.ts';
import type { CompileInput } from '../compile.ts';
import { cluster } from '../database/places.ts';
import { postgresVersion } from '../targets.ts';
import { hasRole, migratesOn } from '../topology.ts';

/** Where dumps of a database and what they need lie on the host that makes them, beside what all backups have. */
export const dumpPlaces = (name: string) => {
  const settings = `/etc/fairlead/${name}`;
  return {
    ...backupPlaces(name),
    /** Everything that the scripts are told (templates/dump/dump.sh.hbs). */
    environment: `${settings}/backup.env`,
    /** The password of an external database, readable by the user of dumps alone (libpq, PGPASSFILE). */
    passwordFile: `${settings}/pgpass-backup`,
  };
};

/** Whether this host makes the dumps: the one of the database or, for an external one, the one that migrates it. */
export const isDumped = ({ spec, host }: CompileInput): boolean =>
  backupEngine(spec) === 'pg_dump' &&
  (spec.database?.placement === 'host' ? hasRole(host, 'database') : migratesOn('external', spec.hosts, host));

/** Who makes them: a user of the system, and on the database's own host a role that reads everything. */
export const dumpUser = (name: string): string => roleNames(name).backup;

/** Folder of PostgreSQL's programs: those of the server, or the newest that the sources of the host have. */
export function programsFolder({ spec, host }: CompileInput): string {
  const { placement, repository, version } = spec.database ?? {};
  const asked = placement === 'host' || repository === 'pgdg' ? version : undefined;
  return cluster(postgresVersion(host.os, asked)).programs;
}

/** Where the database is, and as whom dumps log in. */
export function dumpSource(input: CompileInput) {
  const place = databasePlace(input, false);
  if (!place) throw new Error('a database that is dumped has a place');
  const { name, database, backups } = input.spec;
  const user = database?.placement === 'external' ? (backups.user ?? place.user) : dumpUser(name);
  return { ...place, user };
}

/** Who restores an external database: the role that may change its schema, by the file with its password. */
export function restorer(input: CompileInput) {
  const { spec } = input;
  if (spec.database?.placement !== 'external') return undefined;
  const { passwordFile, migrationPasswordFile } = layout(spec.name);
  return {
    user: migrationPlace(input)?.user ?? spec.name,
    passwordFile: hasMigrator(spec) ? migrationPasswordFile : passwordFile,
  };
}
