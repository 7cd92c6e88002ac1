import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { GroupResource } from './resource.ts';
import { step } from './step.ts';

/** A system group (groupadd(8)). */
export const groupKind: Kind<GroupResource> = {
  claims: true,
  probe: (name) => ({ groups: [name] }),
  read: (name, observed) => mapRead(lookUp(observed.groups, name), () => ({ exists: 'yes' })),
  desired: () => ({ exists: 'yes' }),
  steps: ({ name }) => [step('group_create', [name], `create group ${name}`, { reversible: true })],
  remove: (name) => ({
    steps: [step('group_remove', [name], `remove group ${name}`)],
    retained: 'files may be its own',
  }),
};
