import { layout, slots } from '../../resources/layout.ts';
import type { FileResource, ReleaseResource } from '../../resources/resource.ts';
import { wordsOf } from '../../spec/command.ts';
import { seconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { usesExternalDatabase } from '../database/external.ts';
import { databaseUnit } from '../database/places.ts';
import { databaseIsLocal, hasRole } from '../topology.ts';
import { credentialNeeds, credentialsOf } from './credentials.ts';
import { migratesHere } from './migrations.ts';
import { nodeRuntime } from './node-runtimes.ts';

/**
 * The program on a host. A host that only has workers carries it too, without web instances: its workers run in the live slot.
 *
 * @param parts files that the release consists of, besides the program: a change of one makes another release.
 * @param needed ids of what must be there besides.
 */
export function release(
  input: CompileInput,
  parts: readonly FileResource[],
  needed: readonly string[],
): ReleaseResource {
  const { spec, host } = input;
  const { name, app } = spec;
  const paths = layout(name);
  const database = localDatabase(input);
  const web = hasRole(host, 'app');
  return {
    kind: 'release',
    id: `release:${name}`,
    name,
    origin: 'app.source',
    instances: web ? app.instances : 0,
    runtime: nodeRuntime(app.node, host.architecture),
    source: app.source,
    ...(app.build ? { build: app.build } : {}),
    ...(app.migrations !== undefined && migratesHere(input) ? { migrations: wordsOf(app.migrations).slice(1) } : {}),
    ready: app.health.ready,
    timeout: seconds(app.health.timeout),
    steady: seconds(app.health.steady),
    environmentFile: paths.environmentFile,
    parts: parts.map(({ id }) => id),
    ...(database ? { database } : {}),
    needs: [
      ...(web ? ['package:curl'] : []),
      ...credentialNeeds(spec, credentialsOf(input)),
      `user:${name}`,
      `directory:${paths.releases}`,
      `directory:${paths.bundles}`,
      `directory:${paths.slots}`,
      ...slots.map((slot) => `directory:${paths.sockets(slot)}`),
      ...parts.map(({ id }) => id),
      ...needed,
      ...(database || usesExternalDatabase(input) ? [`unit:${databaseUnit(name)}`] : []),
    ],
  };
}

/** The database on the host itself, which must be there and answer before migrations run. */
const localDatabase = ({ spec, host }: CompileInput): string | undefined =>
  spec.database?.placement === 'host' && databaseIsLocal(host) ? spec.database.name : undefined;
