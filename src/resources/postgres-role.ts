import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { PostgresRoleResource } from './resource.ts';
import { step } from './step.ts';

/** A PostgreSQL role without a password: where it may log in at all, it comes in by peer authentication only. */
export const roleKind: Kind<PostgresRoleResource> = {
  claims: true,
  selfChecking: true,
  probe: (name) => ({ roles: [name] }),
  read: (name, observed) => mapRead(lookUp(observed.roles, name), ({ login }) => ({ login: login ? 'yes' : 'no' })),
  desired: ({ login }) => ({ login: login ? 'yes' : 'no' }),
  steps: ({ name, login }, reading) => {
    const what = `PostgreSQL role ${name}`;
    const change = login ? `let ${what} log in` : `keep ${what} from logging in`;
    const words = [name, login ? 'LOGIN' : 'NOLOGIN'];
    return [step('postgres_role', words, reading.state === 'present' ? change : `create ${what}`)];
  },
  remove: (name) => ({
    steps: [step('postgres_role_drop', [name], `drop PostgreSQL role ${name}`)],
    retained: 'it may own data',
  }),
};
