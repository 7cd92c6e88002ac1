import type { Resource, UnitResource } from '../../resources/resource.ts';
import { roleNames } from '../../spec/privileges.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { CompileInput } from '../compile.ts';
import { postgresVersion } from '../targets.ts';
import { hasRole } from '../topology.ts';
import { certificateParts } from './certificate.ts';
import { clusterResource, isUpgrading, nextPackages, settingsFolders } from './cluster.ts';
import { externalParts } from './external.ts';
import { serverPackages } from './packages.ts';
import { cluster } from './places.ts';
import { compilePooler } from './pooler.ts';
import { programParts } from './program.ts';
import { roleResources } from './roles.ts';
import { type ServerFiles, serverFiles } from './server.ts';
import { upgradeParts } from './upgrades.ts';

/**
 * PostgreSQL on the hosts with the role database: its packages, its configuration where the project manages the host, the roles
 * and one database. On the hosts that run processes, the check of a server that is somebody else's, and the pooler, when there is one.
 */
export function compileDatabase(input: CompileInput): Resource[] {
  const { database } = input.spec;
  if (!database) return [];
  return [...compileServer(input, database), ...externalParts(input, database), ...compilePooler(input, database)];
}

/** The settings of the server, and of the one of another version whose data may be upgraded, or gone back to; and the cluster itself. */
function managedServer(
  input: CompileInput,
  database: NonNullable<ResolvedSpec['database']>,
  server: string,
): ServerFiles {
  const version = postgresVersion(input.host.os, database.version);
  const { from } = database.upgrades;
  const filesOf = (of: number): ServerFiles => {
    const folders = isUpgrading(database) ? settingsFolders(of, [server]) : [];
    const files = serverFiles(input, database, of, [server, ...folders.slice(-1).map(({ id }) => id)]);
    return { resources: [...folders, ...files.resources], inputs: files.inputs };
  };
  const files = filesOf(version);
  const others = from === undefined ? [] : filesOf(from).resources;
  const certificate = certificateParts(input, server);
  const resources = [...nextPackages(database, [server]), ...certificate.resources, ...files.resources, ...others];
  const ids = [server, ...resources.map(({ id }) => id)];
  return {
    resources: [...resources, clusterResource(input, database, ids)],
    inputs: [...files.inputs, ...certificate.inputs],
  };
}

function compileServer(input: CompileInput, database: NonNullable<ResolvedSpec['database']>): Resource[] {
  const { spec, host } = input;
  if (database.placement !== 'host' || !hasRole(host, 'database')) return [];
  const packages = serverPackages(input, database);
  const server = packages.at(-1)!.id;
  const files = spec.host.manage ? managedServer(input, database, server) : { resources: [], inputs: [] };
  const { unit } = cluster(postgresVersion(host.os, database.version));
  const running: UnitResource = {
    kind: 'unit',
    id: `unit:${unit}`,
    name: unit,
    origin: 'database.engine',
    needs: [server, ...files.resources.map(({ id }) => id)],
    inputs: files.inputs,
  };
  const roles = roleResources(spec, [running.id]);
  const { owner } = roleNames(spec.name);
  return [
    ...packages,
    ...files.resources,
    running,
    ...roles,
    {
      kind: 'postgres-database',
      id: `postgres-database:${database.name}`,
      name: database.name,
      owner,
      origin: 'database',
      needs: [`postgres-role:${owner}`],
    },
    ...upgradeParts(input, database, running.id),
    ...programParts(
      input,
      database,
      roles.map(({ id }) => id),
    ),
  ];
}
