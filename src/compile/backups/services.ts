import type { FileResource, Resource, UnitResource } from '../../resources/resource.ts';
import { repositoryPath } from '../../spec/backup-engine.ts';
import { calendarOf } from '../../spec/schedule.ts';
import type { CompileInput } from '../compile.ts';
import { onFailure } from '../observability/places.ts';
import { file } from '../parts.ts';
import { type Context, render } from '../render.ts';
import { from, type Traced } from '../trace.ts';
import { backupPlaces, stanzaOf } from './places.ts';

/** What the units of backups say alike: where they may write, and whether they need a network for that. */
export function serviceContext({ spec, host }: CompileInput): Context & { readonly command: readonly Traced[] } {
  const places = backupPlaces(spec.name);
  const { type } = spec.backups.repository;
  return {
    name: from('name', spec.name),
    state: from('name', places.state),
    local: from('backups.repository.type', type === 'local'),
    remote: from('backups.repository.type', type !== 'local'),
    folder: from('backups.repository.path', repositoryPath(spec)),
    onFailure: onFailure(spec),
    command: [
      from('name', places.configuration, 'systemd-exec'),
      from('name', stanzaOf(spec.name, spec.environment, host.name), 'systemd-exec'),
    ],
  };
}

/** The unit that makes the place of this server in the repository and proves that a piece of the log arrives there. */
export function stanzaParts(input: CompileInput, needs: readonly string[]): Resource[] {
  const { units } = backupPlaces(input.spec.name);
  const { command, ...context } = serviceContext(input);
  const [configuration, stanza] = command;
  const rendered = render(input.templates, 'pgbackrest/stanza.service', 'systemd', {
    ...context,
    configuration,
    stanza,
  });
  const unitFile = file(`/etc/systemd/system/${units.stanza}`, rendered, 'backups');
  const configurations = needs.filter((id) => id.endsWith('/pgbackrest.conf'));
  return [
    unitFile,
    {
      kind: 'unit',
      id: `unit:${units.stanza}`,
      name: units.stanza,
      origin: 'backups',
      needs: [...needs, unitFile.id],
      inputs: [unitFile.id, ...configurations].map((id) => ({ id, effect: 'restart' })),
    },
  ];
}

/** The script that takes backups, and a service with its timer for each kind. */
export function backupParts(input: CompileInput): Resource[] {
  const { spec, templates } = input;
  const places = backupPlaces(spec.name);
  const script = file(places.backup, render(templates, 'pgbackrest/backup.sh', 'foreign', {}), 'backups', {
    mode: '755',
    needs: [`directory:${places.programs}`],
  });
  const kinds = [
    { unit: places.units.full, type: 'full', key: 'backups.full', schedule: spec.backups.full },
    { unit: places.units.incremental, type: 'incr', key: 'backups.incremental', schedule: spec.backups.incremental },
  ];
  return [
    script,
    ...kinds.flatMap(({ unit, type, key, schedule }) => {
      const { command, ...context } = serviceContext(input);
      const service = render(templates, 'pgbackrest/backup.service', 'systemd', {
        ...context,
        type: from(key, type),
        command: [
          from(key, places.backup, 'systemd-exec'),
          from(key, type, 'systemd-exec'),
          ...command,
          from('name', places.state, 'systemd-exec'),
        ],
      });
      return scheduled(input, unit, service, key, schedule, [script.id]);
    }),
  ];
}

/** A service and the timer that starts it; the timer is what runs all the time. */
export function scheduled(
  { spec, templates }: CompileInput,
  unit: string,
  service: Parameters<typeof file>[1],
  key: string,
  schedule: string,
  needs: readonly string[],
): Resource[] {
  const { units } = backupPlaces(spec.name);
  const timer = render(templates, 'pgbackrest/backup.timer', 'systemd', {
    name: from('name', spec.name),
    service: from('name', `${unit}.service`),
    times: calendarOf(schedule).map((time) => from(key, time)),
  });
  const files: FileResource[] = [
    file(`/etc/systemd/system/${unit}.service`, service, key),
    file(`/etc/systemd/system/${unit}.timer`, timer, key),
  ];
  const running: UnitResource = {
    kind: 'unit',
    id: `unit:${unit}.timer`,
    name: `${unit}.timer`,
    origin: key,
    needs: [...needs, ...files.map(({ id }) => id), `unit:${units.stanza}`],
    inputs: [{ id: files[1]!.id, effect: 'restart' }],
  };
  return [...files, running];
}
