import type { Kind } from './kind.ts';
import { lookUp, mapRead, type UnitState } from './observed.ts';
import type { UnitResource } from './resource.ts';
import { step } from './step.ts';

/**
 * Whether a unit is started by itself after a boot: because it is enabled, or because it cannot be (systemctl(1), is-enabled)
 * and others pull it in.
 */
export const startsByItself = ({ enabled }: UnitState): boolean =>
  ['enabled', 'static', 'indirect', 'generated', 'alias'].includes(enabled);

/**
 * A systemd unit that runs now and after a boot. Its activation (reload or restart after a change of its inputs) is planned
 * in plan/activation.ts, because it follows from other resources.
 */
export const unitKind: Kind<UnitResource> = {
  claims: false,
  probe: (name) => ({ units: [name] }),
  read: (name, observed) =>
    mapRead(lookUp(observed.units, name), (state) => ({
      active: state.active,
      enabled: startsByItself(state) ? 'enabled' : state.enabled,
    })),
  desired: () => ({ active: 'active', enabled: 'enabled' }),
  steps: ({ name }) => [step('unit_activate', [name, 'start'], `start ${name}`, { reversible: true })],
  remove: (name) => ({ steps: [step('unit_leave', [name], `let ${name} take up the removal`)] }),
};
