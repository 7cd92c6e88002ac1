import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { PostgresRoleResource } from './resource.ts';
import { step } from './step.ts';

/** A PostgreSQL role with LOGIN and no password: it comes in by peer authentication only. */
export const roleKind: Kind<PostgresRoleResource> = {
  claims: true,
  selfChecking: true,
  probe: (name) => ({ roles: [name] }),
  read: (name, observed) => mapRead(lookUp(observed.roles, name), ({ login }) => ({ login: login ? 'yes' : 'no' })),
  desired: () => ({ login: 'yes' }),
  steps: ({ name }, reading) => [
    step(
      'postgres_role',
      [name],
      `${reading.state === 'present' ? 'let' : 'create'} PostgreSQL role ${name}${reading.state === 'present' ? ' log in' : ''}`,
    ),
  ],
  remove: (name) => ({
    steps: [step('postgres_role_drop', [name], `drop PostgreSQL role ${name}`)],
    retained: 'it may own data',
  }),
};
