import { hasMigrator } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { ResolvedDeployFile } from '../../spec/types.ts';
import type { CompileInput } from '../compile.ts';
import { secretId, secretPath } from '../parts.ts';
import type { Context } from '../render.ts';
import { from } from '../trace.ts';
import { databasePlace } from './places.ts';

/** A secret that a process gets as a file, whose path is in `<name>_FILE` (systemd.exec(5), LoadCredential=). */
export interface Credential {
  readonly name: string;
  /** Name in the section `secrets`. */
  readonly secret: string;
  readonly key: string;
  /** A variable beside `<name>_FILE` that holds the path too, because programs know it by that name. */
  readonly alias?: string;
}

const aliases: Readonly<Record<string, { readonly alias: string }>> = { DB_CA: { alias: 'PGSSLROOTCERT' } };

/** Name of the secret that a server on a host is checked by: a certificate that signed itself is its own authority. */
export const authorityOf = (tls: NonNullable<ResolvedDeployFile['database']>['tls']): string | undefined =>
  tls && (tls.ca ?? tls.certificate);

/** Secrets of sections that processes get under a name of their own. Rules ask here which names are taken. */
export function sectionCredentials(
  spec: Pick<ResolvedDeployFile, 'database' | 'cache' | 'storage' | 'mail'>,
): Credential[] {
  const named: readonly (readonly [string, string, string | undefined])[] = [
    ['DB_PASSWORD', 'database.password', spec.database?.password],
    ['DB_CA', 'database.external.ca', spec.database?.external?.ca],
    ['DB_CA', 'database.tls', authorityOf(spec.database?.tls)],
    ['REDIS_PASSWORD', 'cache.password', spec.cache?.password],
    ['S3_ACCESS_KEY', 'storage.accessKey', spec.storage?.accessKey],
    ['S3_SECRET_KEY', 'storage.secretKey', spec.storage?.secretKey],
    ['SMTP_PASSWORD', 'mail.password', spec.mail?.password],
  ];
  return named.flatMap(([name, key, secret]) =>
    secret === undefined ? [] : [{ name, key, secret, ...aliases[name] }],
  );
}

/**
 * The credentials of a process on a host: those of sections, of app.secrets, and its own. `key` is the process's, such as
 * `app.workers.mail`; web instances have none of their own.
 */
export const credentialsOf = (input: CompileInput, key = 'app', own: readonly string[] = []): Credential[] =>
  distinct([...sharedCredentials(input, true), ...listed(key, own)]);

/** The credentials of migrations, which go past the pooler and so need what that needs, and may have a role of their own. */
export function migrationCredentials(input: CompileInput): Credential[] {
  const { spec } = input;
  const secret = spec.database?.migrator?.password;
  const own = (credential: Credential): Credential[] => {
    if (credential.key !== 'database.password' || !hasMigrator(spec)) return [credential];
    return secret === undefined ? [] : [{ ...credential, key: 'database.migrator.password', secret }];
  };
  return distinct(sharedCredentials(input, false).flatMap(own));
}

function sharedCredentials(input: CompileInput, pooled: boolean): Credential[] {
  const { spec } = input;
  const byPassword = databasePlace(input, pooled)?.password === true;
  const needed = sectionCredentials(spec).filter(({ key }) => byPassword || !key.startsWith('database.'));
  return [...needed, ...listed('app', spec.app.secrets)];
}

const listed = (key: string, secrets: readonly string[]): Credential[] =>
  secrets.map((secret, index) => ({ name: secret, secret, key: `${key}.secrets.${index}` }));

/** One of each name, the first. */
const distinct = (credentials: readonly Credential[]): Credential[] =>
  credentials.filter(({ name }, index) => credentials.findIndex((other) => other.name === name) === index);

/** Ids of the resources that put the secrets of credentials on the host. */
export const credentialNeeds = ({ name }: ResolvedSpec, credentials: readonly Credential[]): string[] => [
  ...new Set(credentials.map(({ secret }) => secretId(name, secret))),
];

/** What the template systemd/credentials sees. */
export const credentialContext = ({ spec, target }: CompileInput, credentials: readonly Credential[]): Context[] =>
  credentials.map(({ name, secret, key, alias }) => ({
    credential: from(key, name, 'identifier'),
    aliases: alias === undefined ? [] : [from(key, alias, 'identifier')],
    path: from(key, secretPath(spec.name, secret)),
    // Before systemd 250 there is no specifier for the folder; its place is documented in systemd.exec(5).
    folder: from(key, target.systemd.credentialsSpecifier ? '%d' : '/run/credentials/%n', 'systemd-specifiers'),
  }));
