import type { Resource } from '../../resources/resource.ts';
import { repositoryPath } from '../../spec/backup-engine.ts';
import type { CompileInput } from '../compile.ts';
import { cluster } from '../database/places.ts';
import { aptPackage, directory } from '../parts.ts';
import { postgresVersion } from '../targets.ts';
import { isArchived } from './archive.ts';
import { configurationFile } from './configuration.ts';
import { drillParts } from './drill.ts';
import { keyParts } from './keys.ts';
import { backupPlaces } from './places.ts';
import { restoreParts } from './restore.ts';
import { backupParts, stanzaParts } from './services.ts';

/** The folder that the package makes for backups. */
const packagesFolder = '/var/lib/pgbackrest';

/**
 * pgBackRest on the database hosts: its configuration, the check that backups can be taken and the log arrives, and the timers
 * of backups and drills.
 */
export function compileBackups(input: CompileInput): Resource[] {
  if (!isArchived(input)) return [];
  const { spec, host } = input;
  const places = backupPlaces(spec.name);
  const server = `unit:${cluster(postgresVersion(host.os, spec.database?.version)).unit}`;
  const folders = foldersOf(input);
  const keys = keyParts(input);
  const keyUnits = keys.filter(({ kind }) => kind === 'unit').map(({ id }) => id);
  const configuration = configurationFile(input, [`directory:/etc/fairlead/${spec.name}`, 'package:pgbackrest']);
  const stanza = stanzaParts(input, [server, configuration.id, ...keyUnits, ...folders.map(({ id }) => id)]);
  const scripts = [directory('/usr/local/lib/fairlead', 'backups'), directory(places.programs, 'backups')];
  return [
    aptPackage('pgbackrest', 'backups.engine', true),
    ...(spec.backups.repository.type === 's3' ? [aptPackage('ca-certificates', 'backups.repository.type')] : []),
    directory(`/etc/fairlead/${spec.name}`, 'backups'),
    ...folders,
    ...scripts,
    ...keys,
    configuration,
    ...stanza,
    ...backupParts(input),
    ...drillParts(input),
    ...restoreParts(input),
  ];
}

/** Folders of PostgreSQL's user, which comes with pgBackRest's package too. */
function foldersOf({ spec }: CompileInput): Resource[] {
  const places = backupPlaces(spec.name);
  const { type } = spec.backups.repository;
  const path = repositoryPath(spec);
  const own = (needs: readonly string[]) => ({ mode: '750', owner: 'postgres', group: 'postgres', needs });
  const package_ = ['package:pgbackrest'];
  return [
    // What is known about backups and drills may be read, such as by an exporter of metrics.
    directory(places.state, 'backups', { ...own(package_), mode: '755' }),
    directory(places.locks, 'backups', own([...package_, `directory:${places.state}`])),
    ...(type === 'local' && path !== packagesFolder ? [directory(path, 'backups.repository.path', own(package_))] : []),
  ];
}
