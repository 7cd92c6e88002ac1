import type { PackageResource, Resource } from '../../resources/resource.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from } from '../trace.ts';
import { isUpgrading } from './cluster.ts';

type Database = NonNullable<ResolvedSpec['database']>;

const sources = '/etc/apt/sources.list.d/fairlead-pgdg.sources';

/** Packages of the server, the last of them the server's own. It stays when no key asks for it any more: it serves the data. */
export function serverPackages(input: CompileInput, database: Database): readonly [...Resource[], PackageResource] {
  const { version, repository } = database;
  // Drills have brought the very version of an upgrade already: then the upgrade itself installs nothing, which nothing could put back.
  const wanted = version ?? (isUpgrading(database) ? postgresVersion(input.host.os, undefined) : undefined);
  const server =
    wanted === undefined
      ? aptPackage('postgresql', 'database.engine', true)
      : aptPackage(`postgresql-${wanted}`, 'database.version', true);
  const before = [
    ...(version !== undefined && repository !== 'distribution' ? projectSource(input) : []),
    ...(input.spec.host.manage ? clusterDefaults(input, !isUpgrading(database)) : []),
  ];
  const files = before.filter(({ kind }) => kind === 'file').map(({ id }) => id);
  return [...before, { ...server, ...(files.length > 0 ? { needs: files } : {}) }];
}

/** How the packages make a cluster, and whether they make one at all. One that is there already stays as it is. */
export function clusterDefaults({ spec, templates }: CompileInput, makes: boolean): Resource[] {
  const folder = '/etc/postgresql-common/createcluster.d';
  const rendered = render(templates, 'postgres/createcluster.conf', 'postgres', {
    name: from('name', spec.name, 'foreign'),
    idle: from('database.placement', !makes),
  });
  const parent = '/etc/postgresql-common';
  return [
    directory(parent, 'database.engine'),
    directory(folder, 'database.engine', { needs: [`directory:${parent}`] }),
    file(`${folder}/${spec.name}.conf`, rendered, 'database.engine', { needs: [`directory:${folder}`] }),
  ];
}

/**
 * The packages of the PostgreSQL project (apt.postgresql.org). Its key is the one that the distribution carries in
 * postgresql-common, so trust begins with the distribution's and no key is fetched.
 */
export function projectSource({ target, templates }: CompileInput): Resource[] {
  const rendered = render(templates, 'postgres/pgdg.sources', 'systemd', {
    suite: from('database.repository', `${target.codename}-pgdg`),
  });
  return [
    aptPackage('postgresql-common', 'database.repository'),
    file(sources, rendered, 'database.repository', { needs: ['package:postgresql-common'] }),
  ];
}
