import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, file } from '../parts.ts';
import { render } from '../render.ts';
import { from, tracer } from '../trace.ts';
import { unit } from './own-unit.ts';
import { places } from './places.ts';

/** The SSH server of the distribution with one drop-in, which it takes up by a reload: connections stay. */
export function ssh({ spec, templates }: CompileInput): Resource[] {
  const { rootLogin, forwarding } = spec.host.ssh;
  const key = tracer(spec);
  const settings = render(templates, 'sshd/sshd.conf', 'word', {
    rootLogin: from('host.ssh.rootLogin', rootLogin === 'key' ? 'prohibit-password' : 'no'),
    forwarding: from('host.ssh.forwarding', forwarding ? 'yes' : 'no'),
    harden: key('host.ssh.harden'),
    admins: from('host.admins', Object.keys(spec.host.admins).length > 0),
    keys: from('host.admins', places.authorizedKeys),
    patches: spec.patches.sshd.map((line, index) => from(`patches.sshd.${index}`, line, 'foreign')),
  });
  const dropIn = file(places.sshd, settings, 'host.ssh', { mode: '600', needs: ['package:openssh-server'] });
  return [
    aptPackage('openssh-server', 'host.ssh', true),
    dropIn,
    unit('ssh.service', 'host.ssh', {
      needs: ['package:openssh-server'],
      inputs: [{ id: dropIn.id, effect: 'reload' }],
      validator: 'sshd',
    }),
  ];
}
