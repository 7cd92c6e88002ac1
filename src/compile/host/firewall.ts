import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, file } from '../parts.ts';
import { render } from '../render.ts';
import { from, tracer } from '../trace.ts';
import { serviceOpenings, sshOpenings } from './openings.ts';
import { ownUnit } from './own-unit.ts';
import { places } from './places.ts';

/**
 * The packet filter, loaded by a unit of its own: nftables.service drops the rules of everybody when it stops. Without a
 * firewall the file takes the table away, so that switching it off works as switching it on does.
 */
export function firewall(input: CompileInput): Resource[] {
  const { spec, templates } = input;
  const key = tracer(spec);
  const rules = render(templates, 'nftables/firewall.nft', 'word', {
    enabled: key('host.firewall.enabled'),
    sshRate: key('host.firewall.sshRate'),
    ssh: sshOpenings(input),
    open: serviceOpenings(input),
    patches: spec.patches.firewall.map((line, index) => from(`patches.firewall.${index}`, line, 'foreign')),
  });
  const ruleFile = file(places.firewall, rules, 'host.firewall', {
    mode: '600',
    needs: [`directory:${places.settings}`],
  });
  const service = render(templates, 'nftables/firewall.service', 'systemd', {
    path: from('host.firewall', places.firewall),
  });
  return [
    aptPackage('nftables', 'host.firewall'),
    ruleFile,
    ...ownUnit('fairlead-firewall.service', service, 'host.firewall', {
      needs: ['package:nftables'],
      inputs: [{ id: ruleFile.id, effect: 'reload' }],
      validator: 'nftables',
    }),
  ];
}
