import type { Resource } from '../resources/resource.ts';
import type { CompileInput } from './compile.ts';

/** PostgreSQL of the distribution on the same host, one role and one database; peer authentication needs no password. */
export function compileDatabase({ spec }: CompileInput): Resource[] {
  const { name, database } = spec;
  if (!database) return [];
  const role = `postgres-role:${name}`;
  return [
    {
      kind: 'package',
      id: 'package:postgresql',
      name: 'postgresql',
      origin: 'database.engine',
      needs: [],
      retain: true,
    },
    {
      kind: 'unit',
      id: 'unit:postgresql.service',
      name: 'postgresql.service',
      origin: 'database.engine',
      needs: ['package:postgresql'],
      inputs: [],
    },
    { kind: 'postgres-role', id: role, name, origin: 'database', needs: ['unit:postgresql.service'] },
    {
      kind: 'postgres-database',
      id: `postgres-database:${database.name}`,
      name: database.name,
      owner: name,
      origin: 'database',
      needs: [role],
    },
  ];
}
