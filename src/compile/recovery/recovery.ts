import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { file, symlink } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';

/**
 * The unit that ends, after a boot, an apply that a power cut or a reboot cut off: a change to how the host is reached that
 * nobody could confirm goes back by itself. It is pulled in by a link, because it is not to be started when it is installed.
 */
export function compileRecovery({ spec: { name }, templates }: CompileInput): Resource[] {
  const unit = `fairlead-${name}-recover.service`;
  const path = `/etc/systemd/system/${unit}`;
  const rendered = render(templates, 'systemd/recover.service', 'systemd', {
    name: from('name', name),
    unfinished: from('name', `/var/lib/fairlead/${name}/unfinished`),
  });
  const service = file(path, rendered, 'name');
  const link = symlink(`/etc/systemd/system/multi-user.target.wants/${unit}`, path, 'name', [service.id]);
  return [
    { ...service, first: true },
    { ...link, first: true },
  ];
}
