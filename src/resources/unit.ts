import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { UnitResource } from './resource.ts';
import { step } from './step.ts';

/**
 * A systemd unit that runs now and after a boot. Its activation (reload or restart after a change of its inputs) is planned
 * in plan/activation.ts, because it follows from other resources.
 */
export const unitKind: Kind<UnitResource> = {
  claims: false,
  probe: (name) => ({ units: [name] }),
  read: (name, observed) => mapRead(lookUp(observed.units, name), ({ active, enabled }) => ({ active, enabled })),
  desired: () => ({ active: 'active', enabled: 'enabled' }),
  steps: ({ name }) => [step('unit_activate', [name, 'start'], `start ${name}`, { reversible: true })],
  remove: (name) => ({ steps: [step('unit_leave', [name], `let ${name} take up the removal`)] }),
};
