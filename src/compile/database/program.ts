import type { Resource } from '../../resources/resource.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { milliseconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file, secretFile } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from } from '../trace.ts';
import { isReachedByNetwork } from './access.ts';
import { cluster, databaseUnit } from './places.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/**
 * What the program's role and database have beside their existence: limits, extensions, and a password where the role comes in
 * over a network. They are statements that may be repeated, run as the server's superuser whenever one of them changes.
 */
export function programParts(input: CompileInput, database: Database): Resource[] {
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
      needs: [`postgres-database:${database.name}`, statements.id, unitFile.id],
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
  const { timeouts, extensions, password } = database;
  const byPassword = password !== undefined && isReachedByNetwork(input);
  const limit = (key: keyof typeof timeouts, name: string) => ({
    name: from(`database.timeouts.${key}`, name, 'foreign'),
    value: from(`database.timeouts.${key}`, `${milliseconds(timeouts[key])}ms`),
  });
  const rendered = render(templates, 'postgres/database.sql', 'sql', {
    plain: from('name', spec.name, 'foreign'),
    role: from('name', spec.name, 'sql-identifier'),
    limits: [
      limit('statement', 'statement_timeout'),
      limit('lock', 'lock_timeout'),
      limit('idleInTransaction', 'idle_in_transaction_session_timeout'),
    ],
    extensions: extensions.map((extension, index) => from(`database.extensions.${index}`, extension, 'sql-identifier')),
    byPassword: from('database.password', byPassword),
    password: from('database.password', byPassword ? password : 'NONE', 'secret'),
  });
  const path = `/etc/fairlead/${spec.name}/database.sql`;
  const own = { mode: '640', group: 'postgres', needs: [`directory:/etc/fairlead/${spec.name}`] };
  return byPassword
    ? secretFile(spec.name, path, rendered, 'database', [password], own)
    : file(path, rendered, 'database', own);
}
