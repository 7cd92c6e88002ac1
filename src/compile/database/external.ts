import { layout } from '../../resources/layout.ts';
import type { Resource } from '../../resources/resource.ts';
import { hasMigrator } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { credentialContext, credentialNeeds, sectionCredentials } from '../app/credentials.ts';
import { migratesHere } from '../app/migrations.ts';
import { databasePlace } from '../app/places.ts';
import type { CompileInput } from '../compile.ts';
import { onFailure } from '../observability/places.ts';
import { aptPackage, directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { runsProcesses } from '../topology.ts';
import { from } from '../trace.ts';
import { databaseUnit } from './places.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/** Whether the processes of a host, outside of containers, use a server that is somebody else's. */
export const usesExternalDatabase = ({ spec, host }: CompileInput): boolean =>
  spec.database?.placement === 'external' && spec.app.runtime === 'systemd' && runsProcesses(spec, host);

/**
 * The check of an external database, which a release waits for: whether it can be reached as deploy.yaml says (TLS and its certificate), and has
 * the version, the extensions and the rights that are asked of it. Nothing is changed there.
 */
export function externalParts(input: CompileInput, database: Database): Resource[] {
  if (!usesExternalDatabase(input)) return [];
  const { spec } = input;
  const { name } = spec;
  const programs = `/usr/local/lib/fairlead/${name}`;
  const check = file(
    `${programs}/database-check`,
    render(input.templates, 'postgres/external-check.sh', 'foreign', {}),
    'database.external',
    { mode: '755', needs: [`directory:${programs}`] },
  );
  const credentials = sectionCredentials(spec).filter(({ key }) => key === 'database.external.ca');
  const unit = databaseUnit(name);
  const unitFile = file(
    `/etc/systemd/system/${unit}`,
    unitOf(input, database, check.path, credentials),
    'database.external',
  );
  const password = `secret-file:${layout(name).passwordFile}`;
  return [
    aptPackage('postgresql-client', 'database.external'),
    directory('/usr/local/lib/fairlead', 'database.external'),
    directory(programs, 'database.external', { needs: ['directory:/usr/local/lib/fairlead'] }),
    check,
    unitFile,
    {
      kind: 'unit',
      id: `unit:${unit}`,
      name: unit,
      origin: 'database.external',
      needs: [
        'package:postgresql-client',
        `user:${name}`,
        password,
        ...credentialNeeds(spec, credentials),
        check.id,
        unitFile.id,
      ],
      inputs: [check.id, unitFile.id, password, ...credentialNeeds(spec, credentials)].map((id) => ({
        id,
        effect: 'restart',
      })),
    },
  ];
}

function unitOf(
  input: CompileInput,
  database: Database,
  script: string,
  credentials: ReturnType<typeof sectionCredentials>,
) {
  const { spec } = input;
  const place = databasePlace(input, false);
  if (!place) throw new Error('an external database has a place');
  const variable = (key: string, name: string, value: string | number | undefined) =>
    value === undefined ? [] : [{ variable: from(key, name, 'identifier'), content: from(key, value) }];
  // node-postgres' word for a certificate that nobody checks is not libpq's.
  const sslMode = place.sslMode === 'no-verify' ? 'require' : place.sslMode;
  const migratesAsProgram = spec.app.migrations !== undefined && migratesHere(input) && !hasMigrator(spec);
  return render(input.templates, 'postgres/external.service', 'systemd', {
    name: from('name', spec.name),
    onFailure: onFailure(spec),
    variables: [
      ...variable('database.external.host', 'PGHOST', place.host),
      ...variable('database.external.port', 'PGPORT', place.port),
      ...variable('database.name', 'PGDATABASE', database.name),
      ...variable('database.external.user', 'PGUSER', place.user),
      ...variable('database.external.tls', 'PGSSLMODE', sslMode),
      ...variable('database.external.tls', 'PGSSLROOTCERT', place.rootCertificate),
      ...variable('database.password', 'PGPASSFILE', layout(spec.name).passwordFile),
    ],
    credentials: credentialContext(input, credentials),
    command: [
      from('database.external', script, 'systemd-exec'),
      from('database.version', String(database.version ?? 'any'), 'systemd-exec'),
      from('app.migrations', migratesAsProgram ? 'yes' : 'no', 'systemd-exec'),
      ...database.extensions.map((one, index) => from(`database.extensions.${index}`, one, 'systemd-exec')),
    ],
  });
}
