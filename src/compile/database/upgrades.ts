import type { Resource } from '../../resources/resource.ts';
import { backupEngine } from '../../spec/backup-engine.ts';
import type { ResolvedSpec } from '../../spec/resolve.ts';
import { calendarOf } from '../../spec/schedule.ts';
import { environmentFile } from '../app/process-environment.ts';
import { backupPlaces } from '../backups/places.ts';
import type { CompileInput } from '../compile.ts';
import { onFailure } from '../observability/places.ts';
import { directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { hasRole } from '../topology.ts';
import { from } from '../trace.ts';
import { cluster } from './places.ts';

type Database = NonNullable<ResolvedSpec['database']>;

const section = 'database.upgrades';

/** Where updates of the server lie on its host. */
export const upgradePlaces = (name: string) => ({
  script: `/usr/local/lib/fairlead/${name}/database-upgrade`,
  settings: `/etc/fairlead/${name}/upgrade.env`,
  units: { service: `${name}-database-upgrade.service`, timer: `${name}-database-upgrade.timer` },
});

/** Whether this project decides when the server of this host is updated. */
export const isUpgraded = ({ spec, host }: CompileInput): boolean =>
  spec.database?.placement === 'host' && spec.host.manage && hasRole(host, 'database');

/**
 * Updates of the server within its major version: they restart it, so they come in a window of their own, after a backup, and not with the
 * other updates of the host.
 */
export function upgradeParts(input: CompileInput, database: Database, server: string): Resource[] {
  if (!isUpgraded(input)) return [];
  const { spec, host, templates } = input;
  const { name } = spec;
  const places = upgradePlaces(name);
  const version = postgresVersion(host.os, database.version);
  const programs = `/usr/local/lib/fairlead/${name}`;
  const script = file(places.script, render(templates, 'postgres/upgrade.sh', 'foreign', {}), section, {
    mode: '755',
    needs: [`directory:${programs}`],
  });
  const backup = backupEngine(spec) === undefined ? '' : `${backupPlaces(name).units.incremental}.service`;
  const settings = environmentFile(input, places.settings, section, from(section, 'updates of the server', 'systemd'), [
    {
      variable: from('database.version', 'PACKAGE', 'identifier'),
      content: from('database.version', `postgresql-${version}`),
    },
    {
      variable: from('database.version', 'SERVER', 'identifier'),
      content: from('database.version', cluster(version).unit),
    },
    { variable: from('backups.engine', 'BACKUP', 'identifier'), content: from('backups.engine', backup) },
  ]);
  const service = render(templates, 'postgres/upgrade.service', 'systemd', {
    name: from('name', name),
    cluster: from('database.version', cluster(version).unit),
    script: from(section, places.script, 'systemd-exec'),
    settings: from(section, places.settings),
    onFailure: onFailure(spec),
  });
  const timer = render(templates, 'postgres/upgrade.timer', 'systemd', {
    name: from('name', name),
    service: from('name', places.units.service),
    times: calendarOf(database.upgrades.window).map((time) => from(`${section}.window`, time)),
  });
  const serviceFile = file(`/etc/systemd/system/${places.units.service}`, service, section);
  const timerFile = file(`/etc/systemd/system/${places.units.timer}`, timer, `${section}.window`);
  const parts = [script, settings, serviceFile, timerFile];
  return [
    directory('/usr/local/lib/fairlead', section),
    directory(programs, section),
    directory(`/etc/fairlead/${name}`, section),
    ...parts,
    ...(database.upgrades.automatic
      ? [
          {
            kind: 'unit' as const,
            id: `unit:${places.units.timer}`,
            name: places.units.timer,
            origin: `${section}.window`,
            needs: [server, ...parts.map(({ id }) => id)],
            inputs: [{ id: timerFile.id, effect: 'restart' as const }],
          },
        ]
      : []),
  ];
}
