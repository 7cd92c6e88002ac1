import { maxConnections, pooledConnections } from '../connections.ts';
import { aboutDatabase, allHosts, servers } from './database-context.ts';
import { error, type Rule } from './rule.ts';

const poolHasRoom = aboutDatabase(({ document }, { pool }) =>
  pool.min > pool.max
    ? [
        error(
          document,
          ['database', 'pool', 'min'],
          'database.pool',
          `database.pool.min ${pool.min} is more than database.pool.max ${pool.max}`,
          `set database.pool.min to ${pool.max} or less`,
        ),
      ]
    : [],
);

/** Connections that only superusers get (superuser_reserved_connections). */
const superusers = 3;

const poolsFitServer = aboutDatabase((context, database) => {
  const asked = database.maxConnections;
  const most = servers(context, database)
    .map(({ host }) => ({ host, count: pooledConnections(context.spec, database, allHosts(context), host) }))
    .find(({ count }) => asked !== undefined && count + superusers > asked);
  if (!most) return [];
  return [
    error(
      context.document,
      ['database', 'maxConnections'],
      'database.max-connections',
      `the pools may open ${most.count} connections to host ${most.host.name} (web instances count twice, for releases), and database.maxConnections is ${asked}`,
      `set database.maxConnections to ${most.count + 20}, lower database.pool.max, or set database.pooler.enabled: true`,
    ),
  ];
});

/** More connections than a server can use; each of them is a process. */
const mostConnections = 10_000;

const poolsFitAnyServer = aboutDatabase((context, database) => {
  const tooMany = servers(context, database)
    .map(({ host }) => maxConnections(context.spec, database, allHosts(context), host))
    .find((count) => count > mostConnections);
  if (tooMany === undefined) return [];
  return [
    error(
      context.document,
      ['database', 'pool', 'max'],
      'database.pools-too-large',
      `the pools may open ${tooMany} connections together, and a server takes ${mostConnections} at most`,
      'set database.pool.max to 10, or database.pooler.enabled: true',
    ),
  ];
});

const poolerTakesPools = aboutDatabase((context, database) => {
  const { pooler, pool } = database;
  if (!pooler.enabled) return [];
  const direct = { ...database, pooler: { ...pooler, enabled: false } };
  const most = Math.max(0, ...allHosts(context).map((host) => pooledConnections(context.spec, direct, [host])));
  if (most <= pooler.clients) return [];
  return [
    error(
      context.document,
      ['database', 'pooler', 'clients'],
      'database.pooler-clients',
      `the pools of one host may open ${most} connections to the pooler, which takes ${pooler.clients}`,
      `set database.pooler.clients to ${most}, or lower database.pool.max from ${pool.max}`,
    ),
  ];
});

/** Rules about pools and the connections that a server or a pooler takes. */
export const connectionRules: readonly Rule[] = [poolHasRoom, poolsFitServer, poolsFitAnyServer, poolerTakesPools];
