/** The sections `database` and `cache` from their services. */
import {
  type ComposeMap,
  type ComposeService,
  interpolated,
  type Lose,
  listOf,
  pairsOf,
  textOf,
} from './compose-file.ts';
import { memoryLimitOf } from './process.ts';
import { unreadKeys } from './unread.ts';

type Runtime = 'systemd' | 'compose';

const tagOf = ({ keys }: ComposeService) => (textOf(keys.image) ?? '').match(/:([^/@]+)/)?.[1];

/** PostgreSQL. On a host it is that of the distribution, so the image's version tells nothing but what the data comes from. */
export function databaseOf(service: ComposeService, runtime: Runtime, lose: Lose): ComposeMap {
  const variables = new Map(
    pairsOf(service.keys.environment, [...service.path, 'environment']).map(({ name, value, path }) => [
      name,
      { value, path },
    ]),
  );
  const given = variables.get('POSTGRES_DB')?.value;
  const name = given === undefined ? undefined : interpolated(given);
  const user = variables.get('POSTGRES_USER');
  if (user)
    lose(
      user.path,
      'the role of the database is named like the project',
      'restore with pg_restore --no-owner, so that what it holds belongs to that role',
    );
  const version = Number(tagOf(service)?.match(/^\d+/)?.[0]);
  const compose = runtime === 'compose';
  if (!compose && Number.isInteger(version)) {
    lose(
      [...service.path, 'image'],
      `PostgreSQL ${version} becomes the version of the host's release`,
      'to keep it, add "version" and "repository: pgdg" to database',
    );
  }
  if (service.keys.command !== undefined) {
    lose(
      [...service.path, 'command'],
      'the settings on the command line of PostgreSQL were not carried over',
      'most follow from the memory of the host; write others below database.settings',
    );
  }
  data(service, 'pg_dump here, and pg_restore once the database is on the host', lose);
  return {
    engine: 'postgres',
    ...(compose ? { placement: 'compose', password: 'DB_PASSWORD' } : {}),
    ...(compose && version >= 14 && version <= 18 ? { version } : {}),
    ...(name && /^[a-z][a-z0-9_-]{0,62}$/.test(name) ? { name } : {}),
  };
}

/** Redis. */
export function cacheOf(service: ComposeService, runtime: Runtime, lose: Lose): ComposeMap {
  const command = listOf(service.keys.command).join(' ');
  const memory = command.match(/--maxmemory\s+(\d+)(mb|gb)/i);
  const policy = command.match(/--maxmemory-policy\s+([a-z-]+)/)?.[1];
  if (/--requirepass/.test(command)) {
    lose(
      [...service.path, 'command'],
      'the password of Redis was not copied',
      'nothing: only this project reaches it, over a socket or a network of its own',
    );
  }
  data(service, 'let it fill itself, or copy dump.rdb while both are stopped', lose);
  return {
    engine: 'redis',
    ...(runtime === 'compose' ? { placement: 'compose' } : {}),
    ...(memory ? { memory: `${memory[1]}${memory[2]?.[0]?.toUpperCase()}` } : {}),
    ...(policy ? { policy } : {}),
    ...(/--appendonly\s+yes/.test(command) ? { persistence: 'log' } : {}),
  };
}

function data(service: ComposeService, how: string, lose: Lose): void {
  unreadKeys(service, 'server', (path, message, fix) => path.at(-1) !== 'command' && lose(path, message, fix));
  for (const [index, volume] of listOf(service.keys.volumes).entries()) {
    const shown = typeof volume === 'object' ? JSON.stringify(volume) : String(volume);
    lose([...service.path, 'volumes', index], `the data in ${shown} stays where it is`, how);
  }
  if (listOf(service.keys.ports).length > 0) {
    lose(
      [...service.path, 'ports'],
      `${service.name} is not published: only the project reaches it`,
      'use an SSH tunnel to look into it',
    );
  }
  if (memoryLimitOf(service)) {
    lose(
      [...service.path],
      `the memory limit of ${service.name} was not carried over`,
      'set database.memory or cache.memory',
    );
  }
}
