import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { PostgresDatabaseResource } from './resource.ts';
import { step } from './step.ts';

/** A PostgreSQL database in UTF-8 with its owner. */
export const databaseKind: Kind<PostgresDatabaseResource> = {
  claims: true,
  selfChecking: true,
  probe: (name) => ({ databases: [name] }),
  read: (name, observed) => mapRead(lookUp(observed.databases, name), ({ owner }) => ({ owner })),
  desired: ({ owner }) => ({ owner }),
  steps: ({ name, owner }, reading) => [
    step(
      'postgres_database',
      [name, owner],
      reading.state === 'present' ? `give database ${name} to ${owner}` : `create database ${name}`,
    ),
  ],
  remove: (name) => ({
    steps: [step('postgres_database_drop', [name], `drop database ${name} with all its data`)],
    retained: 'it holds data',
  }),
};
