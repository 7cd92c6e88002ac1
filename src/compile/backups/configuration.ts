import type { FileResource, SecretFileResource } from '../../resources/resource.ts';
import { repositoryPath } from '../../spec/backup-engine.ts';
import type { CompileInput } from '../compile.ts';
import { cluster, serverPort, serverSocket } from '../database/places.ts';
import { file, secretFile } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from, type Traced } from '../trace.ts';
import { backupPlaces, stanzaOf } from './places.ts';

type Option = { readonly name: Traced; readonly value: Traced };

const option = (name: string, key: string, value: string | number, as?: Traced['as']): Option => ({
  name: from(key, name),
  value: from(key, value, as),
});

/** An option whose value is a key of `backups.repository`; none when the file does not say. */
function given(
  input: CompileInput,
  name: string,
  key: keyof CompileInput['spec']['backups']['repository'],
  as?: Traced['as'],
) {
  const value = input.spec.backups.repository[key];
  return value === undefined ? [] : [option(name, `backups.repository.${key}`, value, as)];
}

/** pgbackrest.conf of the project. PostgreSQL's user reads it, because the server itself runs archive-push. */
export function configurationFile(input: CompileInput, needs: readonly string[]): FileResource | SecretFileResource {
  const { spec, host, target, templates } = input;
  const { backups, name } = spec;
  const places = backupPlaces(name);
  const context = {
    name: from('name', name),
    version: from('backups.engine', target.pgbackrest.version),
    stanza: from('name', stanzaOf(name, spec.environment, host.name)),
    repository: [
      option('repo1-path', 'backups.repository.path', repositoryPath(spec)),
      ...repository(input),
      ...encryption(input),
    ],
    keep: from('backups.keepFull', backups.keepFull),
    blocks: from('backups.engine', keepsBlocks(input)),
    processes: from('backups.engine', Math.max(1, Math.min(8, Math.floor(host.cpus / 2)))),
    locks: from('name', places.locks),
    data: from('database.version', cluster(postgresVersion(host.os, spec.database?.version)).data),
    socket: from('database', serverSocket),
    port: from('database', serverPort),
  };
  const rendered = render(templates, 'pgbackrest/pgbackrest.conf', 'ini', context);
  const { accessKey, secretKey } = backups.repository;
  const used = [backups.encryption, ...(backups.repository.type === 's3' ? [accessKey, secretKey] : [])];
  const secrets = [...new Set(used.filter((secret) => secret !== undefined))];
  const own = { mode: '640', group: 'postgres', needs };
  return secrets.length > 0
    ? secretFile(name, places.configuration, rendered, 'backups', secrets, own)
    : file(places.configuration, rendered, 'backups', own);
}

/**
 * Whether files are kept in bundles, and of those that changed only the blocks that did. Not by SFTP, where a restore closes nothing that it has
 * opened, and what it opens can be counted only without bundles (templates/pgbackrest/lanes.hbs).
 */
const keepsBlocks = ({ spec, target }: CompileInput): boolean =>
  spec.backups.repository.type !== 'sftp' &&
  (target.pgbackrest.blockIncremental || spec.database?.repository === 'pgdg');

const encryption = ({ spec: { backups } }: CompileInput): Option[] =>
  backups.encryption
    ? [
        option('repo1-cipher-type', 'backups.encryption', 'aes-256-cbc'),
        option('repo1-cipher-pass', 'backups.encryption', backups.encryption, 'secret'),
      ]
    : [];

function repository(input: CompileInput): Option[] {
  const { type } = input.spec.backups.repository;
  if (type === 's3') return bucket(input);
  if (type === 'sftp') return folderElsewhere(input);
  return [option('repo1-type', 'backups.repository.type', 'posix')];
}

function bucket(input: CompileInput): Option[] {
  const { region, endpoint, ca } = input.spec.backups.repository;
  const amazon = `s3.${region}.amazonaws.com`;
  const style = endpoint === undefined ? 'host' : 'path';
  return [
    option('repo1-type', 'backups.repository.type', 's3'),
    ...given(input, 'repo1-s3-bucket', 'bucket'),
    ...given(input, 'repo1-s3-region', 'region'),
    option('repo1-s3-endpoint', 'backups.repository.endpoint', endpoint ?? amazon),
    option('repo1-s3-uri-style', 'backups.repository.endpoint', style),
    ...given(input, 'repo1-s3-key', 'accessKey', 'secret'),
    ...given(input, 'repo1-s3-key-secret', 'secretKey', 'secret'),
    ...(ca
      ? [option('repo1-storage-ca-file', 'backups.repository.ca', `${backupPlaces(input.spec.name).keys}/ca`)]
      : []),
  ];
}

function folderElsewhere(input: CompileInput): Option[] {
  return [
    option('repo1-type', 'backups.repository.type', 'sftp'),
    ...given(input, 'repo1-sftp-host', 'host'),
    ...given(input, 'repo1-sftp-host-user', 'user'),
    option('repo1-sftp-host-key-check-type', 'backups.repository.hostKeySha256', 'fingerprint'),
    option('repo1-sftp-host-key-hash-type', 'backups.repository.hostKeySha256', 'sha256'),
    ...given(input, 'repo1-sftp-host-fingerprint', 'hostKeySha256'),
    option('repo1-sftp-private-key-file', 'backups.repository.key', `${backupPlaces(input.spec.name).keys}/sftp-key`),
  ];
}
