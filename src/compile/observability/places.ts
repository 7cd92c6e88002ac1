import type { ResolvedSpec } from '../../spec/resolve.ts';
import { from, type Traced } from '../trace.ts';

/** Where the monitor of a project lies on its hosts. */
export const monitorPlaces = (name: string) => {
  const programs = `/usr/local/lib/fairlead/${name}`;
  return {
    settings: `/etc/fairlead/${name}`,
    environment: `/etc/fairlead/${name}/monitor.env`,
    programs,
    script: `${programs}/monitor`,
    units: { service: `${name}-monitor.service`, timer: `${name}-monitor.timer`, alert: `${name}-alert@.service` },
  };
};

/** What units of the project write as OnFailure=, with systemd's specifier for their own name; nothing when nobody is told. */
export const onFailure = ({ name, observability }: ResolvedSpec): Traced[] =>
  observability.alerts.webhook === undefined
    ? []
    : [from('observability.alerts.webhook', `${name}-alert@%n.service`, 'systemd-specifiers')];
