import type { Resource } from '../../resources/resource.ts';
import { repositoryPath } from '../../spec/backup-engine.ts';
import { scheduled } from '../backups/services.ts';
import type { CompileInput } from '../compile.ts';
import { clusterDefaults, projectSource } from '../database/packages.ts';
import { cluster, databaseUnit } from '../database/places.ts';
import { onFailure } from '../observability/places.ts';
import { aptPackage, directory, file, secretFile, secretId, secretPath } from '../parts.ts';
import { type Context, render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from } from '../trace.ts';
import { settingsFile } from './environment.ts';
import { dumpPlaces, dumpSource, dumpUser, isDumped } from './places.ts';

/** pg_dump for the database of a host, or an external one: scripts, what they are told, and timers of dumps and drills. */
export function compileDumps(input: CompileInput): Resource[] {
  if (!isDumped(input)) return [];
  const { spec } = input;
  const user = dumpUser(spec.name);
  const packages = packagesOf(input);
  const folders = foldersOf(input);
  const passwords = passwordFile(input);
  const settings = settingsFile(input);
  const scripts = scriptFiles(input);
  const ready = [...packages, ...folders, ...passwords, settings, ...scripts].map(({ id }) => id);
  const needs = [...ready, `user:${user}`, `unit:${databaseUnit(spec.name)}`, ...keysOf(input).map(({ id }) => id)];
  return [
    { kind: 'group', id: `group:${user}`, name: user, origin: 'backups', needs: [] },
    { kind: 'user', id: `user:${user}`, name: user, group: user, origin: 'backups', needs: [`group:${user}`] },
    ...packages,
    directory(`/etc/fairlead/${spec.name}`, 'backups'),
    ...folders,
    ...passwords,
    settings,
    ...scripts,
    ...units(input, needs),
  ];
}

/** Programs of the server are there for drills; where it does not run, no cluster of it is made. */
function packagesOf(input: CompileInput): Resource[] {
  const { backups, database } = input.spec;
  const { type } = backups.repository;
  const version = database?.repository === 'pgdg' ? database.version : undefined;
  const part = backups.drill.enabled ? 'postgresql' : 'postgresql-client';
  const programs =
    database?.placement === 'host'
      ? []
      : [
          ...(version === undefined ? [] : projectSource(input)),
          ...(backups.drill.enabled ? clusterDefaults(input, false) : []),
          aptPackage(version === undefined ? part : `${part}-${version}`, 'backups.engine'),
        ];
  return [
    ...programs,
    ...(backups.encryption ? [aptPackage('age', 'backups.encryption')] : []),
    ...(type === 'local' ? [] : [aptPackage('rclone', 'backups.repository.type')]),
    ...(type === 's3' ? [aptPackage('ca-certificates', 'backups.repository.type')] : []),
    ...(type === 'sftp' ? [aptPackage('openssh-client', 'backups.repository.type')] : []),
  ];
}

function foldersOf({ spec }: CompileInput): Resource[] {
  const user = dumpUser(spec.name);
  const { state, programs } = dumpPlaces(spec.name);
  const own = { owner: user, group: user, needs: [`user:${user}`] };
  return [
    directory('/usr/local/lib/fairlead', 'backups'),
    directory(programs, 'backups'),
    // What is known about backups and drills may be read, such as by an exporter of metrics.
    directory(state, 'backups', { ...own, mode: '755' }),
    ...(spec.backups.repository.type === 'local'
      ? [directory(repositoryPath(spec), 'backups.repository.path', { ...own, mode: '750' })]
      : []),
  ];
}

/** The password of an external database for dumps, whose user must not be able to read another's. */
function passwordFile(input: CompileInput): Resource[] {
  const { spec, templates } = input;
  const { database, backups, name } = spec;
  const place = dumpSource(input);
  const [key, secret] =
    backups.password === undefined
      ? (['database.password', database?.password] as const)
      : (['backups.password', backups.password] as const);
  if (!place.password || secret === undefined) return [];
  const user = dumpUser(name);
  const rendered = render(templates, 'environment/pgpass', 'pgpass', {
    name: from('name', name),
    key: from(key, key, 'foreign'),
    host: from(place.key, place.host),
    port: from(place.key, place.port ?? 5432),
    database: from('database', database?.name ?? name),
    user: from('backups.user', place.user),
    password: from(key, `${secret}:pgpass`, 'secret'),
  });
  const needs = [`user:${user}`, `directory:/etc/fairlead/${name}`];
  return [
    secretFile(name, dumpPlaces(name).passwordFile, rendered, key, [secret], { owner: user, group: user, needs }),
  ];
}

function scriptFiles({ spec, templates }: CompileInput) {
  const { programs, backup, drill, restore, checks } = dumpPlaces(spec.name);
  const user = dumpUser(spec.name);
  const script = (path: string, template: string, origin: string) =>
    file(path, render(templates, `dump/${template}`, 'foreign', {}), origin, {
      mode: '755',
      needs: [`directory:${programs}`],
    });
  const queries = render(templates, 'pgbackrest/checks.sql', 'foreign', {
    name: from('name', spec.name),
    checks: spec.backups.drill.checks.map((check, index) => from(`backups.drill.checks.${index}`, check)),
  });
  return [
    script(backup, 'dump.sh', 'backups'),
    script(restore, 'restore.sh', 'backups'),
    ...(spec.backups.drill.enabled
      ? [
          script(drill, 'drill.sh', 'backups.drill'),
          file(checks, queries, 'backups.drill.checks', {
            mode: '640',
            group: user,
            needs: [`directory:/etc/fairlead/${spec.name}`, `user:${user}`],
          }),
        ]
      : []),
  ];
}

/** Secrets that the units get as files (systemd.exec(5), LoadCredential=). */
function keysOf({ spec }: CompileInput) {
  const { encryption, repository } = spec.backups;
  const { type, accessKey, secretKey, ca, key } = repository;
  const given = [
    ['identity', 'backups.encryption', encryption],
    ...(type === 's3'
      ? [
          ['access-key', 'backups.repository.accessKey', accessKey],
          ['secret-key', 'backups.repository.secretKey', secretKey],
          ['ca', 'backups.repository.ca', ca],
        ]
      : []),
    ...(type === 'sftp' ? [['key', 'backups.repository.key', key]] : []),
    ['database-ca', 'database.external.ca', spec.database?.external?.ca],
  ] as [credential: string, origin: string, secret: string | undefined][];
  return given.flatMap(([credential, origin, secret]) =>
    secret === undefined
      ? []
      : [{ credential, origin, id: secretId(spec.name, secret), path: secretPath(spec.name, secret) }],
  );
}

function unitContext(input: CompileInput): Context {
  const { spec, host, target } = input;
  const { state, environment } = dumpPlaces(spec.name);
  const { placement, external, version } = spec.database ?? {};
  const { type } = spec.backups.repository;
  const isFar = placement === 'external' || type !== 'local';
  const credentials = target.systemd.credentialsSpecifier ? '%d' : '/run/credentials/%n';
  return {
    name: from('name', spec.name),
    user: from('name', dumpUser(spec.name)),
    settings: from('backups', environment),
    state: from('name', state),
    folders: type === 'local' ? [from('backups.repository.path', repositoryPath(spec))] : [],
    onFailure: onFailure(spec),
    isolated: from('backups.repository.type', !isFar),
    networked: from('backups.repository.type', isFar),
    servers: placement === 'host' ? [from('database.version', cluster(postgresVersion(host.os, version)).unit)] : [],
    keys: keysOf(input).map(({ credential, origin, path }) => ({
      credential: from(origin, credential),
      path: from(origin, path),
    })),
    authority: external?.ca ? [from('database.external.ca', `${credentials}/database-ca`, 'systemd-specifiers')] : [],
  };
}

function units(input: CompileInput, needs: readonly string[]): Resource[] {
  const { spec, templates } = input;
  const { backups } = spec;
  const { units: names, backup, drill, restore, checks, environment, passwordFile: passwords } = dumpPlaces(spec.name);
  const context = unitContext(input);
  const service = (template: string, about: Context) =>
    render(templates, `dump/${template}`, 'systemd', { ...context, ...about });
  const word = (key: string, value: string) => from(key, value, 'systemd-exec');
  const proof = file(
    `/etc/systemd/system/${names.stanza}`,
    service('proof.service', { script: word('backups', backup) }),
    'backups',
  );
  const asked = file(
    `/etc/systemd/system/${names.restore}.service`,
    service('restore.service', { script: word('backups', restore) }),
    'backups',
  );
  const dump = (type: string, key: string) =>
    service('dump.service', { type: from(key, type), command: [word(key, backup), word(key, type)] });
  const changed = [
    proof.id,
    `file:${environment}`,
    ...needs.filter((id) => id.startsWith('secret') || id.endsWith(passwords)),
  ];
  return [
    proof,
    asked,
    {
      kind: 'unit',
      id: `unit:${names.stanza}`,
      name: names.stanza,
      origin: 'backups',
      needs: [...needs, proof.id],
      inputs: [...new Set(changed)].map((id) => ({ id, effect: 'restart' as const })),
    },
    ...scheduled(input, names.full, dump('full', 'backups.full'), 'backups.full', backups.full, []),
    ...scheduled(
      input,
      names.incremental,
      dump('incr', 'backups.incremental'),
      'backups.incremental',
      backups.incremental,
      [],
    ),
    ...(backups.drill.enabled
      ? scheduled(
          input,
          names.drill,
          service('drill.service', { command: [word('backups.drill', drill), word('backups.drill.checks', checks)] }),
          'backups.drill.schedule',
          backups.drill.schedule,
          [],
        )
      : []),
  ];
}
