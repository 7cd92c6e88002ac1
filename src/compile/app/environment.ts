import { layout } from '../../resources/layout.ts';
import { drainTimes } from '../../spec/drain.ts';
import { hasMigrator } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { recycles } from '../../spec/rules/processes.ts';
import { megabytes, milliseconds, seconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { from, type Traced } from '../trace.ts';
import { cachePlace, type DatabasePlace, databasePlace, migrationPlace } from './places.ts';

/** One environment variable. */
export interface Variable {
  readonly variable: Traced;
  readonly content: Traced;
}

const variable = (key: string, name: string, value: Traced['value']): Variable => ({
  variable: from(key, name, 'identifier'),
  content: from(key, String(value)),
});

/** A variable that is there only when its key has a value. */
const optional = (key: string, name: string, value: Traced['value'] | undefined): Variable[] =>
  value === undefined ? [] : [variable(key, name, value)];

/**
 * The variables of all processes on a host, those of app.env last. Secrets are not among them: processes get those as
 * credentials (credentials.ts).
 */
export const sharedVariables = (input: CompileInput): readonly Variable[] => [
  variable('app', 'NODE_ENV', 'production'),
  ...(input.spec.proxy ? [variable('proxy', 'TRUST_PROXY', 1)] : []),
  ...databaseVariables(input, databasePlace(input, true), layout(input.spec.name).passwordFile),
  ...poolVariables(input.spec),
  ...cacheVariables(input),
  ...storageVariables(input.spec),
  ...mailVariables(input.spec),
  ...ownVariables('app.env', input.spec.app.env),
];

/** What differs for migrations, which go past the pooler and may have a role of their own; nothing without either. */
export function migrationVariables(input: CompileInput): readonly Variable[] {
  const { spec } = input;
  if (spec.app.migrations === undefined) return [];
  const { passwordFile, migrationPasswordFile } = layout(spec.name);
  if (hasMigrator(spec)) return databaseVariables(input, migrationPlace(input), migrationPasswordFile);
  return spec.database?.pooler.enabled ? databaseVariables(input, migrationPlace(input), passwordFile) : [];
}

/** Variables that a map of deploy.yaml gives, such as app.env. */
export const ownVariables = (key: string, map: ResolvedSpec['app']['env']): Variable[] =>
  Object.entries(map).map(([name, value]) => variable(`${key}.${name}`, name, value));

/** What tells a web instance when to end by itself, and how long to take for that and for every other end. */
export const lifetimeVariables = ({ app }: ResolvedSpec): Variable[] => [
  ...drainVariables(app),
  ...recycleVariables(app),
];

function drainVariables(app: ResolvedSpec['app']): Variable[] {
  const { limit, websockets } = drainTimes(app);
  const key = app.drainWebsockets === undefined ? 'app.drain' : 'app.drainWebsockets';
  return [variable('app.drain', 'DRAIN_LIMIT_MS', limit), variable(key, 'DRAIN_WEBSOCKETS_MS', websockets)];
}

function recycleVariables(app: ResolvedSpec['app']): Variable[] {
  if (!recycles(app)) return [];
  const { requests, memory, jitter } = app.recycle;
  return [
    variable('app.recycle.requests', 'RECYCLE_REQUESTS', requests),
    ...optional('app.recycle.memory', 'RECYCLE_MEMORY', memory && megabytes(memory) * 1024 ** 2),
    variable('app.recycle.jitter', 'RECYCLE_JITTER', jitter),
  ];
}

/** Where the database is, in the variables of libpq (PostgreSQL manual, 34.15), which all its clients read. */
function databaseVariables({ spec }: CompileInput, place: DatabasePlace | undefined, passwords: string): Variable[] {
  if (!spec.database || !place) return [];
  const { key, host, port, user, sslMode, rootCertificate, password } = place;
  const passwordFile = spec.app.runtime === 'systemd' && password ? passwords : undefined;
  return [
    variable(key, 'PGHOST', host),
    ...optional(key, 'PGPORT', port),
    variable('database', 'PGDATABASE', spec.database.name),
    variable('database', 'PGUSER', user),
    ...optional(key, 'PGSSLMODE', sslMode),
    ...optional(key, 'PGSSLROOTCERT', rootCertificate),
    ...optional('database.password', 'PGPASSFILE', passwordFile),
  ];
}

function poolVariables({ database }: ResolvedSpec): Variable[] {
  if (!database) return [];
  const { max, min, acquire, idle, maxUses } = database.pool;
  return [
    variable('database.pool.max', 'DB_POOL_MAX', max),
    variable('database.pool.min', 'DB_POOL_MIN', min),
    variable('database.pool.acquire', 'DB_POOL_ACQUIRE_MS', milliseconds(acquire)),
    variable('database.pool.idle', 'DB_POOL_IDLE_MS', milliseconds(idle)),
    variable('database.pool.maxUses', 'DB_POOL_MAX_USES', maxUses),
  ];
}

function cacheVariables(input: CompileInput): Variable[] {
  const place = cachePlace(input);
  return place ? [variable('cache', 'REDIS_URL', place.url)] : [];
}

function storageVariables({ storage }: ResolvedSpec): Variable[] {
  if (!storage) return [];
  return [
    variable('storage.bucket', 'S3_BUCKET', storage.bucket),
    variable('storage.region', 'S3_REGION', storage.region),
    ...optional('storage.endpoint', 'S3_ENDPOINT', storage.endpoint),
    ...optional('storage.prefix', 'S3_PREFIX', storage.prefix),
    variable('storage.signedUrls', 'S3_URL_SECONDS', seconds(storage.signedUrls)),
  ];
}

function mailVariables({ mail }: ResolvedSpec): Variable[] {
  if (!mail) return [];
  return [
    variable('mail.host', 'SMTP_HOST', mail.host),
    variable('mail.port', 'SMTP_PORT', mail.port),
    variable('mail.tls', 'SMTP_TLS', mail.tls),
    ...optional('mail.user', 'SMTP_USER', mail.user),
    variable('mail.from', 'SMTP_FROM', mail.from),
  ];
}
