import { layout } from '../../resources/layout.ts';
import type { SecretFileResource } from '../../resources/resource.ts';
import { hasMigrator, roleNames } from '../../spec/privileges.ts';
import type { CompileInput } from '../compile.ts';
import { secretFile } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { databasePlace, migrationPlace } from './places.ts';

/** The password of a database in the network, where clients of libpq look for it, readable by the program alone. */
export function passwordFile(input: CompileInput): SecretFileResource[] {
  const { name, database } = input.spec;
  const { passwordFile: path } = layout(name);
  return written(input, 'database.password', database?.password, databasePlace(input, false), path, name);
}

/** The same for migrations with a role of their own, which the program must not be able to read. */
export function migrationPasswordFile(input: CompileInput): SecretFileResource[] {
  const { name, database } = input.spec;
  const { migrationPasswordFile: path } = layout(name);
  if (!hasMigrator(input.spec)) return [];
  const { migrator } = roleNames(name);
  const key = 'database.migrator.password';
  return written(input, key, database?.migrator?.password, migrationPlace(input), path, migrator);
}

function written(
  { spec, templates }: CompileInput,
  key: string,
  secret: string | undefined,
  place: ReturnType<typeof databasePlace>,
  path: string,
  owner: string,
): SecretFileResource[] {
  if (!spec.database || !place?.password || secret === undefined) return [];
  const rendered = render(templates, 'environment/pgpass', 'pgpass', {
    name: from('name', spec.name),
    key: from(key, key, 'foreign'),
    host: from(place.key, place.host),
    port: from(place.key, place.port ?? 5432),
    database: from('database', spec.database.name),
    user: from('database', place.user),
    password: from(key, `${secret}:pgpass`, 'secret'),
  });
  const needs = [`user:${owner}`, `directory:${layout(spec.name).settings}`];
  return [secretFile(spec.name, path, rendered, key, [secret], { owner, group: spec.name, needs })];
}
