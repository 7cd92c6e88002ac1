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

/** States between two others, of systemd's ActiveState (org.freedesktop.systemd1(5)). A unit in one is neither active nor not. */
const between: Readonly<Record<string, string>> = {
  activating: 'is starting',
  deactivating: 'is stopping',
  reloading: 'is reloading',
  refreshing: 'is reloading',
};

/** What a unit is doing, such as `is starting`, or undefined for one that stays as it is. */
export const inBetween = ({ active }: UnitState): string | undefined => between[active];

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
  unsettled: (name, observed) => {
    const state = lookUp(observed.units, name);
    const doing = state.state === 'present' ? inBetween(state.value) : undefined;
    return doing && `${doing}; it is started if it does not come up by itself`;
  },
  steps: ({ name, attempted }) => [
    step(attempted ? 'unit_attempt' : 'unit_activate', [name, 'start'], `start ${name}`, { reversible: true }),
  ],
  remove: (name) => ({ steps: [step('unit_leave', [name], `let ${name} take up the removal`)] }),
};
