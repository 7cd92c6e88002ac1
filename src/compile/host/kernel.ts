import type { Resource } from '../../resources/resource.ts';
import { hardening, tuning } from '../../spec/kernel-settings.ts';
import type { CompileInput } from '../compile.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { unit } from './own-unit.ts';
import { places } from './places.ts';

/** Kernel settings: Fairlead's own, but for those that the file sets itself, and those of the file. */
export function kernel({ spec, templates }: CompileInput): Resource[] {
  const given = new Set(spec.host.sysctl.map(({ name }) => name));
  const own = Object.entries({ ...hardening, ...tuning })
    .filter(([name]) => !given.has(name))
    .map(([name, value]) => ({ name: from('host', name), value: from('host', value) }));
  const settings = spec.host.sysctl.map(({ name, value }, index) => ({
    name: from(`host.sysctl.${index}.name`, name),
    value: from(`host.sysctl.${index}.value`, value),
  }));
  const rendered = render(templates, 'sysctl/sysctl.conf', 'sysctl', { own, settings });
  const written = file(places.sysctl, rendered, 'host.sysctl');
  return [written, unit('systemd-sysctl.service', 'host.sysctl', { inputs: [{ id: written.id, effect: 'restart' }] })];
}
