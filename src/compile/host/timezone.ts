import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { ownUnit } from './own-unit.ts';

/** The time zone, set by a unit: the link that holds it belongs to the installer of the host, and so would be a conflict. */
export function timezone({ spec, target, templates }: CompileInput): Resource[] {
  const origin = 'host.timezone';
  const needsOldNames = target.tzdataLegacy && spec.host.timezone !== 'UTC';
  const packages = ['tzdata', ...(needsOldNames ? ['tzdata-legacy'] : [])];
  const service = render(templates, 'timezone/timezone.service', 'systemd', { zone: from(origin, spec.host.timezone) });
  return [
    ...packages.map((name) => aptPackage(name, origin)),
    ...ownUnit('fairlead-timezone.service', service, origin, { needs: packages.map((name) => `package:${name}`) }),
  ];
}
