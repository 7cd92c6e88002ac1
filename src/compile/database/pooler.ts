import type { FileResource, Resource, SecretFileResource } from '../../resources/resource.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { ResolvedHostFile } from '../../spec/types.ts';
import { authorityOf } from '../app/credentials.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file, secretFile, secretId, secretPath } from '../parts.ts';
import { type Context, render } from '../render.ts';
import { addressFor, databaseHostFor, hasRole, runsProcesses } from '../topology.ts';
import { from, type Traced } from '../trace.ts';
import { databaseUnit, poolerPort, poolerSocket, serverPort, serverSocket, systemCertificates } from './places.ts';

type Database = NonNullable<ResolvedSpec['database']>;

/** How the pooler reaches the server. On a socket it needs no password, because it runs as the program's own user. */
interface Server {
  readonly host: Traced;
  readonly port: Traced;
  readonly user: Traced;
  /** Mode of TLS as libpq calls it; absent on a socket. */
  readonly tls?: Traced;
  readonly password?: string;
  /** Secret with the CA certificate. */
  readonly ca?: string;
}

const isPooled = ({ spec, host }: CompileInput, { pooler, placement }: Database) =>
  pooler.enabled && placement !== 'compose' && spec.app.runtime === 'systemd' && runsProcesses(spec, host);

/** PgBouncer in an instance of the project's own, on each host that runs processes; the package's own instance stays off. */
export function compilePooler(input: CompileInput, database: Database): Resource[] {
  const { name } = input.spec;
  const server = serverFor(input, database);
  if (!isPooled(input, database) || !server) return [];
  const settings = settingsFile(input, database, server);
  const service = serviceFile(input, server);
  const unit = `${name}-pgbouncer.service`;
  const off = packagesOwnOff(input);
  const made = [...off, settings, service].map(({ id }) => id);
  const secrets = server.ca ? [secretId(name, server.ca)] : [];
  return [
    aptPackage('pgbouncer', 'database.pooler.enabled'),
    ...(server.tls?.value === 'verify-full' ? [aptPackage('ca-certificates', 'database.external.tls')] : []),
    ...off,
    directory(`/etc/fairlead/${name}`, 'database'),
    settings,
    service,
    {
      kind: 'unit',
      id: `unit:${unit}`,
      name: unit,
      origin: 'database.pooler.enabled',
      needs: ['package:pgbouncer', `user:${name}`, ...made, ...secrets, ...databaseOn(input, database)],
      inputs: [
        { id: settings.id, effect: 'restart' },
        { id: service.id, effect: 'restart' },
        ...secrets.map((id) => ({ id, effect: 'restart' as const })),
      ],
    },
  ];
}

/** The database of the same host, complete with its role, comes before the pooler. */
const databaseOn = ({ spec, host }: CompileInput, { placement }: Database): string[] =>
  placement === 'host' && hasRole(host, 'database') ? [`unit:${databaseUnit(spec.name)}`] : [];

/** The package starts an instance that serves no database. Who manages the host keeps it from coming back at boot. */
function packagesOwnOff({ spec, templates }: CompileInput): Resource[] {
  if (!spec.host.manage) return [];
  const folder = '/etc/systemd/system/pgbouncer.service.d';
  const rendered = render(templates, 'pgbouncer/packages-own.conf', 'systemd', {
    name: from('name', spec.name),
    settings: from('name', settingsPath(spec.name)),
  });
  return [
    directory(folder, 'database.pooler.enabled'),
    file(`${folder}/${spec.name}.conf`, rendered, 'database.pooler.enabled', { needs: [`directory:${folder}`] }),
  ];
}

const settingsPath = (name: string) => `/etc/fairlead/${name}/pgbouncer.ini`;

function serverFor({ spec, host }: CompileInput, database: Database): Server | undefined {
  const { external, placement, password } = database;
  if (placement === 'external') return external && externalServer(external, spec.name, password);
  const server = databaseHostFor(spec.hosts, host);
  return server && hostServer(server, host, spec.name, database);
}

const externalServer = (
  external: NonNullable<Database['external']>,
  name: string,
  password: string | undefined,
): Server => ({
  host: from('database.external.host', external.host),
  port: from('database.external.port', external.port),
  user: from('database.external.user', external.user ?? name),
  tls: from('database.external.tls', external.tls, 'ini'),
  ...(password ? { password } : {}),
  ...(external.ca ? { ca: external.ca } : {}),
});

function hostServer(
  server: ResolvedHostFile,
  host: ResolvedHostFile,
  name: string,
  { password, tls }: Database,
): Server {
  const authority = authorityOf(tls);
  const user = from('name', name);
  const port = from('database', serverPort);
  if (server.name === host.name) return { host: from('database', serverSocket), port, user };
  return {
    host: from('database', addressFor(server)),
    port,
    user,
    tls: from('database.tls', tls ? 'verify-full' : 'require', 'ini'),
    ...(password ? { password } : {}),
    ...(authority ? { ca: authority } : {}),
  };
}

function settingsFile(
  input: CompileInput,
  { name: databaseName, pooler }: Database,
  server: Server,
): FileResource | SecretFileResource {
  const { spec, target, templates } = input;
  const authority = server.ca ? credential(spec.name) : systemCertificates;
  const context: Context = {
    name: from('name', spec.name, 'foreign'),
    entry: from('database.name', databaseName, 'ini'),
    database: from('database.name', databaseName),
    host: server.host,
    port: server.port,
    user: server.user,
    byPassword: from('database.password', server.password !== undefined),
    password: from('database.password', server.password ?? 'NONE', 'secret'),
    byNetwork: from('database.external', server.tls !== undefined),
    tls: server.tls ?? from('database.external', 'disable', 'ini'),
    proven: from('database.external.tls', server.tls?.value === 'verify-full'),
    authority: from('database.external.ca', authority, 'ini'),
    folder: from('name', poolerSocket(spec.name), 'ini'),
    listenPort: from('database.pooler', poolerPort, 'ini'),
    size: from('database.pooler.size', pooler.size, 'ini'),
    clients: from('database.pooler.clients', pooler.clients, 'ini'),
    prepared: from('database.pooler', target.pgbouncer.preparedStatements),
  };
  const rendered = render(templates, 'pgbouncer/pgbouncer.ini', 'pgbouncer', context);
  const path = settingsPath(spec.name);
  const own = { mode: '640', group: spec.name, needs: [`directory:/etc/fairlead/${spec.name}`, `user:${spec.name}`] };
  return server.password
    ? secretFile(spec.name, path, rendered, 'database.pooler', [server.password], own)
    : file(path, rendered, 'database.pooler', own);
}

/** Where the CA certificate lies for the service alone (systemd.exec(5), CREDENTIALS; before 250 there is no %d). */
const credential = (name: string) => `/run/credentials/${name}-pgbouncer.service/ca`;

function serviceFile({ spec, templates }: CompileInput, server: Server): FileResource {
  const { name } = spec;
  const rendered = render(templates, 'pgbouncer/pgbouncer.service', 'systemd', {
    name: from('name', name),
    settings: from('name', settingsPath(name), 'systemd-exec'),
    clients: from('database.pooler.clients', Number(spec.database?.pooler.clients) + 1024),
    managed: from('host.manage', spec.host.manage),
    isolated: from('database.placement', server.tls === undefined),
    networked: from('database.placement', server.tls !== undefined),
    ownAuthority: from('database.external.ca', server.ca !== undefined),
    authority: from('database.external.ca', server.ca ? secretPath(name, server.ca) : ''),
  });
  return file(`/etc/systemd/system/${name}-pgbouncer.service`, rendered, 'database.pooler');
}
