import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { UserResource } from './resource.ts';
import { step } from './step.ts';

const home = '/nonexistent';
const shell = '/usr/sbin/nologin';

/** A system user that nobody logs in as (useradd(8)). */
export const userKind: Kind<UserResource> = {
  claims: true,
  probe: (name) => ({ users: [name] }),
  read: (name, observed) =>
    mapRead(lookUp(observed.users, name), (user) => ({
      ...user,
      shell: user.shell.replace(/^\/sbin\//, '/usr/sbin/'),
    })),
  desired: ({ group }) => ({ group, home, shell }),
  steps: ({ name, group }, reading) => [
    step(
      'user_create',
      [name, group, home, shell],
      `${reading.state === 'present' ? 'change' : 'create'} user ${name}`,
      {
        reversible: reading.state === 'absent',
      },
    ),
  ],
  remove: (name) => ({
    steps: [step('user_remove', [name], `remove user ${name}`)],
    retained: 'processes and files may be its own',
  }),
};
