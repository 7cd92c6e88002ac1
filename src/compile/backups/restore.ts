import type { Resource } from '../../resources/resource.ts';
import type { CompileInput } from '../compile.ts';
import { cluster } from '../database/places.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from } from '../trace.ts';
import { backupPlaces, stanzaOf } from './places.ts';

/** What restores when it is asked to: a script, the unit that runs it, and one that ends at boot what was cut off. */
export function restoreParts(input: CompileInput): Resource[] {
  const { spec, host, templates } = input;
  const { name } = spec;
  const places = backupPlaces(name);
  const { unit: server, data, programs } = cluster(postgresVersion(host.os, spec.database?.version));
  const word = (key: string, value: string) => from(key, value, 'systemd-exec');
  const context = {
    name: from('name', name),
    script: word('backups', places.restore),
    state: from('name', places.state),
    server: from('database.version', server),
    data: from('database.version', data),
    command: [
      word('name', name),
      word('name', places.configuration),
      word('name', stanzaOf(name, spec.environment, host.name)),
      word('name', places.state),
      word('database.version', programs),
      word('database.version', server),
      word('database.version', data),
    ],
  };
  const script = file(places.restore, render(templates, 'pgbackrest/restore.sh', 'foreign', {}), 'backups', {
    mode: '755',
    needs: [`directory:${places.programs}`],
  });
  const unitFile = (template: string, unit: string) =>
    file(`/etc/systemd/system/${unit}`, render(templates, `pgbackrest/${template}`, 'systemd', context), 'backups');
  const asked = unitFile('restore.service', `${places.units.restore}.service`);
  const back = unitFile('restore-back.service', places.units.restoreBack);
  return [
    script,
    asked,
    back,
    {
      kind: 'unit',
      id: `unit:${places.units.restoreBack}`,
      name: places.units.restoreBack,
      origin: 'backups',
      needs: [script.id, back.id, `directory:${places.state}`],
      inputs: [],
    },
  ];
}
