import type { Resource } from '../../resources/resource.ts';
import { hasMigrator, privilegesOf, roleNames } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { milliseconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file, secretFile } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from } from '../trace.ts';
import { isReachedByNetwork } from './access.ts';
import { cluster, databaseUnit } from './places.ts';
import { entrants, isDumpedByRole, roleResources } from './roles.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/**
 * What roles and database have beside their existence: who may do what and for how long, extensions, and passwords where roles come
 * in over a network. They are statements that may be repeated, run as the server's superuser whenever one of them changes.
 */
export function programParts(input: CompileInput, database: Database, roles: readonly string[]): Resource[] {
  const { spec, host, templates } = input;
  const { name } = spec;
  const version = postgresVersion(host.os, database.version);
  const folder = `/etc/fairlead/${name}`;
  const statements = statementsFile(input, database);
  const unit = render(templates, 'postgres/database.service', 'systemd', {
    name: from('name', name),
    cluster: from('database.version', cluster(version).unit),
    client: from('database.version', `${cluster(version).programs}/psql`, 'systemd-exec'),
    database: from('database.name', database.name, 'systemd-exec'),
    statements: from('name', statements.path, 'systemd-exec'),
  });
  const unitName = databaseUnit(name);
  const unitFile = file(`/etc/systemd/system/${unitName}`, unit, 'database');
  return [
    directory(folder, 'database'),
    statements,
    unitFile,
    {
      kind: 'unit',
      id: `unit:${unitName}`,
      name: unitName,
      origin: 'database',
      needs: [...roles, `postgres-database:${database.name}`, statements.id, unitFile.id],
      inputs: [
        { id: statements.id, effect: 'restart' },
        { id: unitFile.id, effect: 'restart' },
      ],
    },
  ];
}

/** The server's own user reads it: a statement with a password must not reach a command line. */
function statementsFile(input: CompileInput, database: Database) {
  const { spec, templates } = input;
  const { timeouts, extensions } = database;
  const names = roleNames(spec.name);
  const byPassword = isReachedByNetwork(input) ? entrants(spec) : [];
  const limit = (key: keyof typeof timeouts, name: string) => ({
    name: from(`database.timeouts.${key}`, name, 'foreign'),
    value: from(`database.timeouts.${key}`, `${milliseconds(timeouts[key])}ms`),
  });
  const [lock, idle] = [
    limit('lock', 'lock_timeout'),
    limit('idleInTransaction', 'idle_in_transaction_session_timeout'),
  ];
  const role = (name: string) => from('name', name, 'sql-identifier');
  const rendered = render(templates, 'postgres/database.sql', 'sql', {
    plain: from('name', spec.name, 'foreign'),
    database: from('database.name', database.name, 'sql-identifier'),
    owner: role(names.owner),
    ownerName: from('name', names.owner),
    program: role(names.program),
    programName: from('name', names.program),
    migrator: role(names.migrator),
    reader: role(names.reader),
    readerName: from('name', names.reader),
    roles: roleResources(spec, []).map(({ name }) => role(name)),
    logins: roleResources(spec, [])
      .filter(({ login }) => login)
      .map(({ name }) => role(name)),
    acting: [
      ...(privilegesOf(spec) === 'owner' ? [from('database.privileges', names.program, 'sql-identifier')] : []),
      ...(hasMigrator(spec) ? [from('app.migrations', names.migrator, 'sql-identifier')] : []),
    ],
    working: privilegesOf(spec) === 'data' ? [from('database.privileges', names.program, 'sql-identifier')] : [],
    migrates: from('app.migrations', hasMigrator(spec)),
    dumped: from('backups.engine', isDumpedByRole(spec)),
    backup: from('backups.engine', names.backup, 'sql-identifier'),
    manages: from('host.manage', spec.host.manage),
    limits: [limit('statement', 'statement_timeout'), lock, idle],
    readerLimits: [lock, idle],
    extensions: extensions.map((extension, index) => from(`database.extensions.${index}`, extension, 'sql-identifier')),
    byPassword: from('database.password', byPassword.length > 0),
    entrants: byPassword.map(({ role: name, key, secret }) => ({
      role: role(name),
      password: from(key, secret, 'secret'),
    })),
  });
  const path = `/etc/fairlead/${spec.name}/database.sql`;
  const own = { mode: '640', group: 'postgres', needs: [`directory:/etc/fairlead/${spec.name}`] };
  const secrets = byPassword.map(({ secret }) => secret);
  return secrets.length > 0
    ? secretFile(spec.name, path, rendered, 'database', [...new Set(secrets)], own)
    : file(path, rendered, 'database', own);
}
