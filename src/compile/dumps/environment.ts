import { repositoryPath } from '../../spec/backup-engine.ts';
import type { Variable } from '../app/environment.ts';
import { environmentFile } from '../app/process-environment.ts';
import { stanzaOf } from '../backups/places.ts';
import type { CompileInput } from '../compile.ts';
import { from } from '../trace.ts';
import { dumpPlaces, dumpSource, programsFolder, restorer } from './places.ts';

/** A variable; none when its key has no value. */
const variable = (key: string, name: string, value: string | number | undefined): Variable[] =>
  value === undefined ? [] : [{ variable: from(key, name, 'identifier'), content: from(key, String(value)) }];

/** What the scripts of dumps are told; no secret is among it. */
export function settingsFile(input: CompileInput) {
  const { spec, host } = input;
  const { name, backups, environment } = spec;
  const places = dumpPlaces(name);
  const programs = programsFolder(input);
  return environmentFile(input, places.environment, 'backups', from('backups', 'dumps of the database', 'systemd'), [
    ...variable('database.version', 'PATH', `${programs}:/usr/sbin:/usr/bin:/sbin:/bin`),
    ...variable('database.version', 'PROGRAMS', programs),
    ...variable('name', 'STANZA', stanzaOf(name, environment, host.name)),
    ...variable('name', 'FOLDER', places.state),
    ...variable('backups.keepFull', 'KEEP', backups.keepFull),
    ...databaseVariables(input),
    ...repositoryVariables(input),
  ]);
}

function databaseVariables(input: CompileInput): Variable[] {
  const { database, name } = input.spec;
  const { key, host, port, user, sslMode, rootCertificate, password } = dumpSource(input);
  const restores = restorer(input);
  return [
    ...variable(key, 'PGHOST', host),
    ...variable(key, 'PGPORT', port ?? 5432),
    ...variable('database.name', 'PGDATABASE', database?.name),
    ...variable('backups.user', 'PGUSER', user),
    // node-postgres' word for a certificate that nobody checks is not libpq's.
    ...variable(key, 'PGSSLMODE', sslMode === 'no-verify' ? 'require' : sslMode),
    ...variable(key, 'PGSSLROOTCERT', rootCertificate),
    ...variable('backups.password', 'PGPASSFILE', password ? dumpPlaces(name).passwordFile : undefined),
    ...variable('database.migrator', 'RESTORE_USER', restores?.user),
    ...variable('database.migrator', 'RESTORE_PASSFILE', restores?.passwordFile),
    ...(restores ? [] : variable('database', 'MAINTENANCE_DATABASE', 'postgres')),
  ];
}

function repositoryVariables({ spec, host }: CompileInput): Variable[] {
  const { repository } = spec.backups;
  const stanza = stanzaOf(spec.name, spec.environment, host.name);
  const folder = `${repositoryPath(spec)}/${stanza}`;
  const type = variable('backups.repository.type', 'REPOSITORY_TYPE', repository.type);
  const place = (path: string) => variable('backups.repository.path', 'REPOSITORY', path);
  if (repository.type === 's3')
    return [...type, ...place(`${repository.bucket}${folder}`), ...bucketVariables(repository)];
  if (repository.type === 'sftp') return [...type, ...place(folder), ...accountVariables(repository)];
  return [...type, ...place(folder)];
}

type Repository = CompileInput['spec']['backups']['repository'];

/** Options of a remote by its name (rclone(1), "Environment Variables"). */
const option = (key: keyof Repository, name: string, value: string | undefined) =>
  variable(`backups.repository.${key}`, `RCLONE_CONFIG_REPOSITORY_${name}`, value);

const bucketVariables = ({ region, endpoint }: Repository): Variable[] => [
  ...option('type', 'TYPE', 's3'),
  ...option('endpoint', 'PROVIDER', endpoint === undefined ? 'AWS' : 'Other'),
  ...option('region', 'REGION', region),
  ...option('endpoint', 'ENDPOINT', endpoint === undefined ? undefined : `https://${endpoint}`),
  ...option('endpoint', 'FORCE_PATH_STYLE', endpoint === undefined ? 'false' : 'true'),
  // Who may write objects need not be allowed to look at buckets.
  ...option('bucket', 'NO_CHECK_BUCKET', 'true'),
];

const accountVariables = ({ host, user, hostKeySha256 }: Repository): Variable[] => [
  ...option('type', 'TYPE', 'sftp'),
  ...option('host', 'HOST', host),
  ...option('user', 'USER', user),
  // An account may have no shell.
  ...option('type', 'SHELL_TYPE', 'none'),
  ...variable('backups.repository.host', 'SFTP_HOST', host),
  ...variable('backups.repository.hostKeySha256', 'SFTP_HOST_KEY', hostKeySha256),
];
