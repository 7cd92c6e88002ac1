import type { Kind } from './kind.ts';
import { lookUp, mapRead } from './observed.ts';
import type { PackageResource } from './resource.ts';
import { step } from './step.ts';

/** A package of the distribution: installed or not. Its version is the distribution's business (security upgrades). */
export const packageKind: Kind<PackageResource> = {
  claims: false,
  probe: (name) => ({ packages: [name] }),
  read: (name, observed) => mapRead(lookUp(observed.packages, name), () => ({ installed: 'yes' })),
  desired: () => ({ installed: 'yes' }),
  remembered: ({ retain }) => ({ retain: retain ? 'yes' : 'no' }),
  steps: ({ name }) => [step('package_install', [name], `install package ${name}`)],
  remove: (name, { retain }) => ({
    steps: [step('package_remove', [name], `remove package ${name}, unless another project needs it`)],
    ...(retain === 'yes' ? { retained: 'data depends on it' } : {}),
  }),
};
