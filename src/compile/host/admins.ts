import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { aptPackage, directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { from } from '../trace.ts';
import { ownUnit } from './own-unit.ts';
import { places } from './places.ts';

const script = `${places.scripts}/make-admins.sh`;

/**
 * Accounts of people. Their keys lie outside their homes, so that they go with the file that names them, whatever people keep
 * in their homes; the account of one who leaves stays, without keys and without sudo.
 */
export function admins(input: CompileInput): Resource[] {
  const { spec, templates } = input;
  const names = Object.keys(spec.host.admins).map((name) => from(`host.admins.${name}`, name));
  if (names.length === 0) return [];
  const list = file(places.admins, render(templates, 'admins/admins.list', 'word', { admins: names }), 'host.admins', {
    needs: [`directory:${places.settings}`],
  });
  const sudoers = file(places.sudoers, render(templates, 'sudoers/admins', 'word', { admins: names }), 'host.admins', {
    mode: '440',
    needs: ['package:sudo'],
  });
  const program = file(script, render(templates, 'admins/make-admins.sh', 'word', {}), 'host.admins', {
    mode: '755',
    needs: [`directory:${places.scripts}`],
  });
  const service = render(templates, 'admins/admins.service', 'systemd-exec', {
    sudoers: from('host.admins', places.sudoers),
    script: from('host.admins', script),
    list: from('host.admins', places.admins),
  });
  return [
    aptPackage('sudo', 'host.admins', true),
    directory(places.authorizedKeys, 'host.admins', { needs: ['package:openssh-server'] }),
    ...Object.entries(spec.host.admins).map(([name, keys]) => authorizedKeys(input, name, keys)),
    list,
    sudoers,
    program,
    ...ownUnit('fairlead-admins.service', service, 'host.admins', {
      inputs: [list, sudoers, program].map(({ id }) => ({ id, effect: 'restart' as const })),
    }),
  ];
}

function authorizedKeys({ templates }: CompileInput, name: string, keys: readonly string[]) {
  const key = `host.admins.${name}`;
  const rendered = render(templates, 'admins/authorized_keys', 'authorized-keys', {
    user: from(key, name, 'word'),
    keys: keys.map((one, index) => from(`${key}.${index}`, one)),
  });
  return file(`${places.authorizedKeys}/${name}`, rendered, key, { needs: [`directory:${places.authorizedKeys}`] });
}
