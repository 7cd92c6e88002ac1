import type { DirectoryResource, PostgresClusterResource, Resource } from '../../resources/resource.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { isArchived } from '../backups/archive.ts';
import { backupPlaces, stanzaOf } from '../backups/places.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory } from '../parts.ts';
import { postgresVersion } from '../targets.ts';
import { cluster } from './places.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/** Whether an upgrade to another major version is declared: then no package makes a cluster by itself, because it could be the wrong one. */
export const isUpgrading = ({ upgrades }: Pick<Database, 'upgrades'>): boolean =>
  upgrades.next !== undefined || upgrades.from !== undefined;

/** Packages of the version that drills rehearse the upgrade to. They stay, because the data may have been moved to it by then. */
export const nextPackages = ({ upgrades }: Database, needs: readonly string[]): Resource[] =>
  upgrades.next === undefined
    ? []
    : [{ ...aptPackage(`postgresql-${upgrades.next}`, 'database.upgrades.next', true), needs }];

/** Folders of the settings of a cluster that no package makes. */
export function settingsFolders(version: number, needs: readonly string[]): DirectoryResource[] {
  const { configuration, settings } = cluster(version);
  const owned = { owner: 'postgres', group: 'postgres' };
  const parent = configuration.replace(/\/[^/]*$/, '');
  const origin = 'database.upgrades';
  return [
    directory(parent, origin, { ...owned, needs }),
    directory(configuration, origin, { ...owned, needs: [`directory:${parent}`] }),
    directory(settings, origin, { ...owned, needs: [`directory:${configuration}`] }),
  ];
}

/** The cluster with the project's data, in the version that deploy.yaml asks for. */
export function clusterResource(
  input: CompileInput,
  database: Database,
  needs: readonly string[],
): PostgresClusterResource {
  const { spec, host } = input;
  const places = backupPlaces(spec.name);
  const { from } = database.upgrades;
  const archive = {
    configuration: places.configuration,
    stanza: stanzaOf(spec.name, spec.environment, host.name),
    backup: `${places.units.full}.service`,
  };
  return {
    kind: 'postgres-cluster',
    id: 'postgres-cluster:main',
    name: 'main',
    version: postgresVersion(host.os, database.version),
    ...(from === undefined ? {} : { from }),
    ...(isArchived(input) ? { archive } : {}),
    origin: from === undefined ? 'database.version' : 'database.upgrades.from',
    needs,
  };
}
