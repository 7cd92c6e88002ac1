import type { PackageResource, Resource } from '../../resources/resource.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, file } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';

type Database = NonNullable<ResolvedSpec['database']>;

const sources = '/etc/apt/sources.list.d/fairlead-pgdg.sources';

/** Packages of the server, the last of them the server's own. It stays when no key asks for it any more: it serves the data. */
export function serverPackages(input: CompileInput, database: Database): readonly [...Resource[], PackageResource] {
  if (database.version === undefined) return [aptPackage('postgresql', 'database.engine', true)];
  const server = aptPackage(`postgresql-${database.version}`, 'database.version', true);
  if (database.repository === 'distribution') return [server];
  return [...projectSource(input), { ...server, needs: [`file:${sources}`] }];
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
