import { targetOf } from '../../compile/targets.ts';
import { databaseClients } from '../../compile/topology.ts';
import { scheduleProblem } from '../schedule.ts';
import { megabytes, milliseconds } from '../units.ts';
import { connectionRules } from './connections.ts';
import { aboutDatabase, allHosts, isReachedByNetwork, servers } from './database-context.ts';
import { databaseRoleRules } from './database-roles.ts';
import { majorUpgradeRules } from './major-upgrades.ts';
import { postgresSettingRules } from './postgres-settings.ts';
import { error, type Rule, warning } from './rule.ts';

const separateDatabases = aboutDatabase((context, database) => {
  const hosts = servers(context, database);
  if (hosts.length < 2) return [];
  const names = hosts.map(({ host }) => host.name).join(', ');
  return [
    warning(
      context.document,
      ['database'],
      'database.separate',
      `each of the ${hosts.length} hosts of ${context.environment} (${names}) has a ${context.spec.name} database of its own; they do not share data`,
      'serve independent sites from them, or keep one host in the environment',
      'key',
    ),
  ];
});

const systemDatabase = aboutDatabase(({ document, spec }, { name, placement }) =>
  placement !== 'external' && ['postgres', 'template0', 'template1'].includes(name ?? spec.name)
    ? [
        error(
          document,
          name === undefined ? ['name'] : ['database', 'name'],
          'database.name',
          `the database ${name ?? spec.name} belongs to PostgreSQL itself`,
          'give database.name another value, such as app',
        ),
      ]
    : [],
);

const versionExists = aboutDatabase((context, database) => {
  const { version, repository, upgrades } = database;
  if (version === undefined || repository === 'pgdg') return [];
  // A host whose operating system was upgraded keeps the server that it had, until its data are upgraded, too.
  const isKept = (own: number) => version < own && upgrades.next === own;
  return servers(context, database)
    .filter(({ host }) => targetOf(host.os).postgres !== version && !isKept(targetOf(host.os).postgres))
    .slice(0, 1)
    .map(({ host }) =>
      error(
        context.document,
        ['database', 'version'],
        'database.version',
        `${host.os} (host ${host.name}) has PostgreSQL ${targetOf(host.os).postgres} and no ${version}`,
        `delete database.version, or add "repository: pgdg" to database`,
      ),
    );
});

const repositoryNeedsVersion = aboutDatabase(({ document }, { repository, version, placement }) =>
  repository === 'pgdg' && version === undefined && placement === 'host'
    ? [
        error(
          document,
          ['database', 'repository'],
          'database.repository',
          'apt.postgresql.org has several versions of PostgreSQL, and database.version chooses none',
          'add "version: 17" to database',
        ),
      ]
    : [],
);

const externalIsDescribed = aboutDatabase(({ document }, { placement, external, password }) => {
  if (placement !== 'external') {
    const fix = 'set database.placement: external, or delete database.external';
    const message = `database.external does nothing, because database.placement is ${placement}`;
    return external
      ? [warning(document, ['database', 'external'], 'database.external-unused', message, fix, 'key')]
      : [];
  }
  const missing = (key: string, fix: string) =>
    error(
      document,
      ['database', 'placement'],
      `database.external-${key}`,
      `database.${key} is required because database.placement is external`,
      fix,
    );
  return [
    ...(external ? [] : [missing('external', 'add to database: "external: { host: db.example.com }"')]),
    ...(password ? [] : [missing('password', 'add to database: "password: DB_PASSWORD", and DB_PASSWORD to secrets')]),
  ];
});

const encryptionWithoutProof = aboutDatabase(({ document }, { placement, external }) =>
  placement === 'external' && external?.tls === 'require'
    ? [
        warning(
          document,
          ['database', 'external', 'tls'],
          'database.tls',
          'database.external.tls: require encrypts, but to any server that answers under that name',
          'set verify-full, with database.external.ca where its authority is not a public one',
        ),
      ]
    : [],
);

/** The addresses of hosts are what anybody who can redirect packets between them may pretend to have. */
const serverWithoutProof = aboutDatabase((context, database) => {
  const { document } = context;
  const far = servers(context, database).filter(({ host }) => isReachedByNetwork(context, database, host));
  if (database.tls) {
    if (far.length > 0) return [];
    const message = 'database.tls does nothing, because no other host reaches the database';
    return [warning(document, ['database', 'tls'], 'database.tls-unused', message, 'delete it', 'key')];
  }
  const [client] = far.flatMap(({ host }) => databaseClients(allHosts(context), host));
  if (!client) return [];
  return [
    warning(
      document,
      ['database'],
      'database.unproven',
      `host ${client.name} encrypts what it says to the database, and cannot tell whether it is ours`,
      'give it a certificate: "tls: { certificate: DB_CERTIFICATE, key: DB_KEY }" (docs/database.md, "On another host")',
      'key',
    ),
  ];
});

const listedNetworksReachHost = aboutDatabase((context, database) => {
  if (database.allow.length === 0) return [];
  if (database.placement !== 'host') {
    const message = `database.allow does nothing, because database.placement is ${database.placement}`;
    return [warning(context.document, ['database', 'allow'], 'database.allow-unused', message, 'delete it', 'key')];
  }
  return servers(context, database)
    .filter(({ host }) => host.privateAddress === undefined)
    .map(({ host, document }) =>
      error(
        document,
        ['address'],
        'database.allow-address',
        `host ${host.name} needs a privateAddress, on which the networks of database.allow find its database`,
        'add it, for example "privateAddress: 10.0.0.11"',
        'key',
      ),
    );
});

const serverOfAnother = aboutDatabase((context, database) => {
  const { document, spec } = context;
  if (spec.host.manage || database.placement !== 'host') return [];
  const far = servers(context, database).some(({ host }) => isReachedByNetwork(context, database, host));
  const given = ['memory', 'maxConnections', 'settings'].filter((key) => document.has(['database', key]));
  const fix = 'write it into the deploy.yaml of the project that manages the host';
  return [
    ...(far
      ? [
          error(
            document,
            ['host', 'manage'],
            'database.not-managed',
            'others reach the database over a network, which only the project that manages the host can let in',
            'set host.manage: true, or keep program and database on one host',
          ),
        ]
      : []),
    ...given.map((key) => {
      const message = `database.${key} does nothing, because host.manage is false`;
      return warning(document, ['database', key], 'database.not-managed', message, fix, 'key');
    }),
  ];
});

const memoryIsThere = aboutDatabase((context, database) =>
  servers(context, database)
    .filter(({ host }) => database.memory !== undefined && megabytes(database.memory) > megabytes(host.memory))
    .slice(0, 1)
    .map(({ host }) =>
      error(
        context.document,
        ['database', 'memory'],
        'database.memory',
        `database.memory ${database.memory} is more than the ${host.memory} of host ${host.name}`,
        'lower it, or write how much memory the host has into its host.yaml',
      ),
    ),
);

/** The longest time that PostgreSQL can count in milliseconds, in whole days. */
const longestTimeout = 24;

const timeoutsCanBeCounted = aboutDatabase(({ document }, { timeouts }) =>
  Object.entries(timeouts)
    .filter(([, duration]) => milliseconds(duration) > longestTimeout * 86_400_000)
    .map(([key, duration]) =>
      error(
        document,
        ['database', 'timeouts', key],
        'database.timeout',
        `database.timeouts.${key} ${duration} is longer than PostgreSQL can count`,
        `set it to ${longestTimeout}d or less`,
      ),
    ),
);

const updatesHaveAWindow = aboutDatabase(({ document }, { upgrades }) => {
  const problem = scheduleProblem(upgrades.window);
  return problem
    ? [
        error(
          document,
          ['database', 'upgrades', 'window'],
          'database.window',
          `database.upgrades.window "${upgrades.window}" cannot be used: ${problem}`,
          'write a time such as "0 4 * * 0"',
        ),
      ]
    : [];
});

/** Rules about the database. */
export const databaseRules: readonly Rule[] = [
  separateDatabases,
  systemDatabase,
  versionExists,
  repositoryNeedsVersion,
  externalIsDescribed,
  encryptionWithoutProof,
  serverWithoutProof,
  listedNetworksReachHost,
  serverOfAnother,
  memoryIsThere,
  timeoutsCanBeCounted,
  updatesHaveAWindow,
  ...databaseRoleRules,
  ...majorUpgradeRules,
  ...connectionRules,
  ...postgresSettingRules,
];
