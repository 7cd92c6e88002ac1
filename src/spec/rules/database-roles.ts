import { databaseClients, migratesOn } from '../../compile/topology.ts';
import { hasMigrator, roleNames } from '../privileges.ts';
import { aboutDatabase, allHosts, type Database, isReachedByNetwork, servers } from './database-context.ts';
import { error, type HostDocument, type Rule, type RuleContext, warning } from './rule.ts';

const passwordForNetworks = aboutDatabase((context, database) => {
  const far = servers(context, database).find(({ host }) => isReachedByNetwork(context, database, host));
  if (!far || database.password) return [];
  const client = databaseClients(allHosts(context), far.host)[0];
  return [
    error(
      context.document,
      client ? ['database'] : ['database', 'allow'],
      'database.password',
      client
        ? `database.password is required because host ${client.name} reaches the database on host ${far.host.name} over a network`
        : 'database.password is required because database.allow lets others in over a network',
      'add to database: "password: DB_PASSWORD", and DB_PASSWORD to secrets',
      'key',
    ),
  ];
});

const passwordOfNobody = aboutDatabase((context, database) => {
  const hosts = servers(context, database);
  if (!database.password || database.placement !== 'host' || context.hosts.length === 0) return [];
  if (hosts.some(({ host }) => isReachedByNetwork(context, database, host))) return [];
  return [
    warning(
      context.document,
      ['database', 'password'],
      'database.password-unused',
      'database.password does nothing: all who use the database are on its own host and need none',
      'delete it',
      'key',
    ),
  ];
});

/** The host from which migrations of a host's database come over a network, if they do. */
const farMigrations = (context: RuleContext, database: Database) => {
  const hosts = allHosts(context);
  const far = ({ host }: HostDocument) =>
    databaseClients(hosts, host).find((client) => migratesOn(database.placement, hosts, client));
  return hasMigrator(context.spec)
    ? servers(context, database)
        .map(far)
        .find((host) => host !== undefined)
    : undefined;
};

const migratorIsLetIn = aboutDatabase((context, database) => {
  const { document, spec } = context;
  const { placement, migrator } = database;
  const missing = (key: string, message: string, fix: string) =>
    error(
      document,
      migrator ? ['database', 'migrator'] : ['database'],
      `database.migrator-${key}`,
      message,
      fix,
      'key',
    );
  const fix = 'add to database: "migrator: { password: DB_MIGRATOR_PASSWORD }", and DB_MIGRATOR_PASSWORD to secrets';
  if (placement === 'external') {
    if (!migrator || (migrator.user && migrator.password)) return [];
    const key = migrator.user ? 'password' : 'user';
    const message = `database.migrator.${key} is required: an external database gives migrations a role by name and password`;
    return [missing(key, message, 'write both "user:" and "password:" into database.migrator, or delete it')];
  }
  const far = farMigrations(context, database);
  if (!far || migrator?.password) return [];
  const message = `database.migrator.password is required because migrations of ${spec.name} run on host ${far.name} and reach the database over a network, as a role of their own`;
  return [
    missing('password', message, `${fix}; or write "privileges: owner", and the program may change the schema, too`),
  ];
});

/** Keys about roles that nobody comes in as. */
const rolesOfNobody = aboutDatabase((context, database) => {
  const { document, spec } = context;
  const { placement, migrator, reader, privileges } = database;
  const unused = (keys: readonly string[], why: string, fix = 'delete it') =>
    document.has(['database', ...keys])
      ? [
          warning(
            document,
            ['database', ...keys],
            'database.role-unused',
            `${['database', ...keys].join('.')} does nothing: ${why}`,
            fix,
            'key',
          ),
        ]
      : [];
  const isFar = servers(context, database).some(({ host }) => isReachedByNetwork(context, database, host));
  return [
    ...(privileges && placement !== 'host'
      ? unused(['privileges'], `the roles of a database that is ${placement} are made elsewhere`)
      : []),
    ...(migrator && !hasMigrator(spec) && placement !== 'external'
      ? unused(['migrator'], 'migrations run as the role of the program')
      : []),
    ...(migrator && placement === 'external' && migrator.user && !hasMigrator(spec)
      ? unused(['migrator'], 'the project has no migrations of its own')
      : []),
    ...(migrator?.user && placement === 'host' && hasMigrator(spec)
      ? unused(['migrator', 'user'], `the role is ${roleNames(spec.name).migrator}`)
      : []),
    ...(migrator?.password &&
    placement === 'host' &&
    hasMigrator(spec) &&
    context.hosts.length > 0 &&
    !farMigrations(context, database)
      ? unused(['migrator', 'password'], 'migrations run on the host of the database and need none')
      : []),
    ...(reader?.password && context.hosts.length > 0 && !(isFar && database.allow.length > 0)
      ? unused(['reader', 'password'], 'database.allow lets nobody in who would need it')
      : []),
  ];
});

const rowsAreEnough = aboutDatabase(({ document, spec }, { privileges, placement }) =>
  placement === 'host' && privileges === 'data' && spec.app.migrations !== undefined && spec.app.runtime !== 'systemd'
    ? [
        error(
          document,
          ['database', 'privileges'],
          'database.privileges',
          'migrations in a container run as the role of the program, which may not change the schema with privileges: data',
          'write "privileges: owner", or set app.runtime: systemd',
        ),
      ]
    : [],
);

/** Rules about who is which role of the database, and who needs a password for that. */
export const databaseRoleRules: readonly Rule[] = [
  passwordForNetworks,
  passwordOfNobody,
  migratorIsLetIn,
  rolesOfNobody,
  rowsAreEnough,
];
