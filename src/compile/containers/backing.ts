/** The database and the cache as services of a Compose file. */
import { maxConnections } from '../../spec/connections.ts';
import { milliseconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { type Rendered, render, type Templates } from '../render.ts';
import { from, type Traced } from '../trace.ts';
import { caused, noted, type YamlValue } from '../yaml.ts';
import { confinement, credentialPath, internalNetwork, memoryLimit, type YamlMap } from './service.ts';

type Database = NonNullable<CompileInput['spec']['database']>;
type Cache = NonNullable<CompileInput['spec']['cache']>;

/** User and group of the server in the official images of PostgreSQL and Redis. */
const serverUser = '999:999';

// Nothing here can look up digests of other people's images.
const byTag = 'by tag; pin the digest where you mirror images';

const healthcheck = (test: readonly YamlValue[]): YamlMap => ({
  test: ['CMD', ...test],
  interval: '10s',
  timeout: '5s',
  retries: 5,
  start_period: '60s',
});

/** Image of the official PostgreSQL server. */
export const postgresImage = (version: number): string => `postgres:${version}-bookworm`;

/** Image of the official Redis server. */
export const redisImage = 'redis:8-bookworm';

/** Where the official image keeps its data; since 18 one folder higher, so that versions can lie beside each other. */
export const postgresData = (version: number): string =>
  version >= 18 ? '/var/lib/postgresql' : '/var/lib/postgresql/data';

/** Major version in containers: the one that deploy.yaml asks for, else that of the host's release. */
export const containerPostgres = ({ spec, target }: Pick<CompileInput, 'spec' | 'target'>): number =>
  spec.database?.version ?? target.postgres;

/** PostgreSQL for a host, which only the other containers reach. Its password is a Compose secret. */
export function databaseService(input: CompileInput, database: Database): YamlValue {
  const version = containerPostgres(input);
  const { name } = input.spec;
  return caused('database', {
    image: noted(from('database.version', postgresImage(version)), byTag),
    user: serverUser,
    command: ['postgres', ...settingsOf(input, database)],
    environment: {
      POSTGRES_USER: from('name', name),
      POSTGRES_DB: from('database.name', database.name),
      POSTGRES_PASSWORD_FILE: from('database.password', credentialPath('DB_PASSWORD')),
    },
    secrets: ['DB_PASSWORD'],
    volumes: [
      `database:${postgresData(version)}`,
      ...(database.extensions.length > 0 ? [from('database.extensions', `${extensionsMount}:ro`)] : []),
    ],
    ...confinement,
    tmpfs: ['/tmp', '/run/postgresql'],
    shm_size: '256m',
    pids_limit: 1024,
    ...(database.memory ? memoryLimit(from('database.memory', database.memory)) : {}),
    networks: [internalNetwork],
    // The server that the image starts for its set-up listens on the socket alone, so only TCP tells that it is ready.
    healthcheck: healthcheck([
      'pg_isready',
      '--host',
      '127.0.0.1',
      '--username',
      from('name', name),
      '--dbname',
      from('database.name', database.name),
    ]),
    restart: 'unless-stopped',
    stop_grace_period: '120s',
  });
}

/** SQL that the image runs once, when it makes the database; beside the Compose file. */
export const extensionsMount = './extensions.sql:/docker-entrypoint-initdb.d/extensions.sql';

/** Server settings as arguments, each one word: no shell and no configuration file reads them. */
function settingsOf({ spec, host }: CompileInput, database: Database): Traced[] {
  const { statement, lock, idleInTransaction } = database.timeouts;
  const setting = (key: string, name: string, value: string | number) => [
    from(key, '-c'),
    from(key, `${name}=${value}`),
  ];
  return [
    ...setting('database.maxConnections', 'max_connections', maxConnections(spec, database, [host], host)),
    ...setting('database.timeouts.statement', 'statement_timeout', milliseconds(statement)),
    ...setting('database.timeouts.lock', 'lock_timeout', milliseconds(lock)),
    ...setting(
      'database.timeouts.idleInTransaction',
      'idle_in_transaction_session_timeout',
      milliseconds(idleInTransaction),
    ),
    ...database.settings.flatMap(({ name, value }, index) => setting(`database.settings.${index}`, name, value)),
  ];
}

/** The SQL that creates the extensions of a database. */
export function extensionsFile({ extensions }: Database, templates: Templates): Rendered {
  const names = extensions.map((name, index) => from(`database.extensions.${index}`, name));
  return render(templates, 'docker/extensions.sql', 'sql-identifier', { extensions: names });
}

/** Redis, which only the other containers reach. With a password it reads that from a file that Fairlead writes. */
export function cacheService(cache: Cache): YamlValue {
  const keeps = cache.persistence !== 'none';
  return caused('cache', {
    image: noted(redisImage, byTag),
    user: serverUser,
    command: ['redis-server', ...(cache.password ? [redisFile] : []), ...argumentsOf(cache)],
    ...(cache.password || keeps
      ? {
          volumes: [
            ...(cache.password ? [from('cache.password', `./${redisFolder}/redis.conf:${redisFile}:ro`)] : []),
            ...(keeps ? [from('cache.persistence', 'cache:/data')] : []),
          ],
        }
      : {}),
    ...confinement,
    tmpfs: keeps ? ['/tmp'] : ['/tmp', '/data'],
    pids_limit: 128,
    networks: [internalNetwork],
    // Without its password it is told so, which is an answer as well.
    healthcheck: healthcheck(['redis-cli', 'ping']),
    restart: 'unless-stopped',
    stop_grace_period: '30s',
  });
}

/** The configuration of Redis in its container, and the folder of the host, beside the Compose file, that it comes from. */
const redisFile = '/usr/local/etc/redis.conf';
export const redisFolder = 'containers';

function argumentsOf({ memory, policy, persistence }: Cache): Traced[] {
  const argument = (key: string, name: string, value: string) => [from(key, `--${name}`), from(key, value)];
  return [
    ...argument('cache.memory', 'maxmemory', `${memory.toLowerCase()}b`),
    ...argument('cache.policy', 'maxmemory-policy', policy),
    ...argument('cache.persistence', 'appendonly', persistence === 'log' ? 'yes' : 'no'),
    ...argument('cache.persistence', 'save', persistence === 'snapshot' ? '300 1' : ''),
  ];
}
