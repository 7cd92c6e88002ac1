import { layout } from '../../resources/layout.ts';
import type { FileResource, Resource } from '../../resources/resource.ts';
import { hasMigrator, roleNames } from '../../spec/privileges.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { migratesOn } from '../topology.ts';
import { from } from '../trace.ts';
import { credentialContext, credentialNeeds, migrationCredentials } from './credentials.ts';
import { migrationVariables } from './environment.ts';
import { migrationPasswordFile } from './passwords.ts';
import { databasePlace } from './places.ts';
import { networkContext } from './process.ts';
import { environmentFile } from './process-environment.ts';

/** Whether this is the host that brings the database up to date. */
export const migratesHere = ({ spec, host }: CompileInput): boolean =>
  migratesOn(spec.database?.placement, spec.hosts, host);

/** What the migrations of a release run with: the sandbox and the credentials of web instances, and the way past the pooler. */
export function migrationFiles(input: CompileInput): Resource[] {
  if (input.spec.app.migrations === undefined || !migratesHere(input)) return [];
  const environment = migrationEnvironment(input);
  return [
    ...migrationUser(input),
    ...migrationPasswordFile(input),
    ...environment,
    ...unitSettings(input, environment),
  ];
}

/** Who vouches for the role of migrations on the host of the database; elsewhere, who may read its password. */
function migrationUser({ spec }: CompileInput): Resource[] {
  const { migrator: user } = roleNames(spec.name);
  const needs = [`group:${spec.name}`];
  return hasMigrator(spec)
    ? [{ kind: 'user', id: `user:${user}`, name: user, group: spec.name, origin: 'app.migrations', needs }]
    : [];
}

/**
 * Locks and settings of a session do not survive pooling, so migrations need the server itself; and the role that may change the
 * schema, where the program's may not.
 */
function migrationEnvironment(input: CompileInput): FileResource[] {
  const variables = migrationVariables(input);
  const path = layout(input.spec.name).migrationEnvironmentFile;
  const key = environmentKey(input);
  const about = from(key, 'variables of migrations, where they differ', 'systemd');
  return variables.length === 0 ? [] : [environmentFile(input, path, key, about, variables)];
}

const environmentKey = ({ spec }: CompileInput) =>
  hasMigrator(spec) ? 'database.privileges' : 'database.pooler.enabled';

function unitSettings(input: CompileInput, environment: readonly FileResource[]) {
  const { spec, templates } = input;
  const path = layout(spec.name).migrationUnitFile;
  const folder = directory(path.slice(0, path.lastIndexOf('/')), 'app.migrations');
  const credentials = migrationCredentials(input);
  const network = spec.app.network || databasePlace(input, false)?.password === true;
  const rendered = render(templates, 'systemd/migrate.conf', 'systemd', {
    name: from('name', spec.name),
    environmentFiles: environment.map((one) => from(environmentKey(input), one.path)),
    separate: from('database.privileges', hasMigrator(spec)),
    user: from('database.privileges', roleNames(spec.name).migrator),
    credentials: credentialContext(input, credentials),
    ...networkContext('app.network', network),
  });
  return [
    folder,
    file(path, rendered, 'app.migrations', {
      needs: [
        folder.id,
        ...credentialNeeds(spec, credentials),
        ...(hasMigrator(spec) ? [`user:${roleNames(spec.name).migrator}`] : []),
      ],
    }),
  ];
}
