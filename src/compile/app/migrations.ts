import { layout } from '../../resources/layout.ts';
import type { DirectoryResource, FileResource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { databaseClients, databaseHostFor, hasRole, hostsWith } from '../topology.ts';
import { from } from '../trace.ts';
import { credentialContext, credentialNeeds, migrationCredentials } from './credentials.ts';
import { migrationVariables } from './environment.ts';
import { databasePlace } from './places.ts';
import { networkContext } from './process.ts';
import { environmentFile } from './process-environment.ts';

/**
 * Whether this is the host that brings the database up to date: the one where it runs, when that runs the program too; else the
 * first app host that uses it.
 */
export function migratesHere({ spec, host }: CompileInput): boolean {
  const apps = hostsWith(spec.hosts, 'app');
  if (spec.database?.placement !== 'host') return apps[0]?.name === host.name;
  const server = databaseHostFor(spec.hosts, host);
  if (!server) return false;
  if (hasRole(server, 'app')) return server.name === host.name;
  return databaseClients(spec.hosts, server).find((client) => hasRole(client, 'app'))?.name === host.name;
}

/** What the migrations of a release run with: the sandbox and the credentials of web instances, and the way past the pooler. */
export function migrationFiles(input: CompileInput): (FileResource | DirectoryResource)[] {
  if (input.spec.app.migrations === undefined || !migratesHere(input)) return [];
  const environment = migrationEnvironment(input);
  return [...environment, ...unitSettings(input, environment)];
}

/** Locks and settings of a session do not survive pooling, so migrations need the server itself. */
function migrationEnvironment(input: CompileInput): FileResource[] {
  const variables = migrationVariables(input);
  const path = layout(input.spec.name).migrationEnvironmentFile;
  const about = from('database.pooler.enabled', 'variables of migrations, which go past the pooler', 'systemd');
  return variables.length === 0 ? [] : [environmentFile(input, path, 'database.pooler.enabled', about, variables)];
}

function unitSettings(input: CompileInput, environment: readonly FileResource[]) {
  const { spec, templates } = input;
  const path = layout(spec.name).migrationUnitFile;
  const folder = directory(path.slice(0, path.lastIndexOf('/')), 'app.migrations');
  const credentials = migrationCredentials(input);
  const network = spec.app.network || databasePlace(input, false)?.password === true;
  const rendered = render(templates, 'systemd/migrate.conf', 'systemd', {
    name: from('name', spec.name),
    environmentFiles: environment.map((one) => from('database.pooler.enabled', one.path)),
    credentials: credentialContext(input, credentials),
    ...networkContext('app.network', network),
  });
  return [
    folder,
    file(path, rendered, 'app.migrations', { needs: [folder.id, ...credentialNeeds(spec, credentials)] }),
  ];
}
