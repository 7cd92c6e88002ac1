import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { isUpgraded } from '../database/upgrades.ts';
import { aptPackage, file } from '../parts.ts';
import { render } from '../render.ts';
import type { Target } from '../targets.ts';
import { from } from '../trace.ts';
import { places } from './places.ts';

/** Where security updates come from, as unattended-upgrade(8) matches them; apt fills in the names of the release. */
const securityOrigins: Readonly<Record<Target['family'], readonly string[]>> = {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: variables of unattended-upgrade
  debian: ['origin=Debian,codename=${distro_codename}-security,label=Debian-Security'],
  ubuntu: [
    'origin=Ubuntu,archive=${distro_codename}-security,label=Ubuntu',
    'origin=UbuntuESMApps,archive=${distro_codename}-apps-security,label=UbuntuESMApps',
    'origin=UbuntuESM,archive=${distro_codename}-infra-security,label=UbuntuESM',
  ],
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: variables of unattended-upgrade
};

/**
 * Security updates by unattended-upgrades. The packages restart their own services; needrestart is left out, because it would
 * restart the program at a moment that nobody chose.
 */
export function updates(input: CompileInput): Resource[] {
  const { spec, target, templates } = input;
  const { automatic, reboot } = spec.host.updates;
  const installs = automatic === 'security';
  const reboots = installs && reboot !== undefined;
  const rendered = render(templates, 'apt/upgrades.conf', 'apt', {
    daily: from('host.updates.automatic', installs ? 1 : 0),
    automatic: from('host.updates.automatic', installs),
    origins: securityOrigins[target.family].map((origin) => from('host.updates.automatic', origin)),
    database: from('database.upgrades', isUpgraded(input)),
    reboots: from('host.updates.reboot', String(reboots)),
    reboot: from('host.updates.reboot', reboots),
    time: from('host.updates.reboot', reboot ?? ''),
  });
  return [
    ...(installs ? [aptPackage('unattended-upgrades', 'host.updates.automatic')] : []),
    file(places.upgrades, rendered, 'host.updates'),
  ];
}
