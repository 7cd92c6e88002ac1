import type { Resource } from '../../resources/resource.ts';
import { seconds } from '../../spec/units.ts';
import type { CompileInput } from '../compile.ts';
import { cluster } from '../database/places.ts';
import { file } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { from } from '../trace.ts';
import { backupPlaces } from './places.ts';
import { scheduled, serviceContext } from './services.ts';

/** The restore drill: its script, the queries that must hold on what came back, and a service with its timer. */
export function drillParts(input: CompileInput): Resource[] {
  const { spec, host, templates } = input;
  const { database, backups, name } = spec;
  const { drill } = backups;
  if (!drill.enabled || !database) return [];
  const { next } = database.upgrades;
  const places = backupPlaces(name);
  const script = file(places.drill, render(templates, 'pgbackrest/drill.sh', 'foreign', {}), 'backups.drill', {
    mode: '755',
    needs: [`directory:${places.programs}`],
  });
  const queries = render(templates, 'pgbackrest/checks.sql', 'foreign', {
    name: from('name', name),
    checks: drill.checks.map((check, index) => from(`backups.drill.checks.${index}`, check)),
  });
  const checks = file(places.checks, queries, 'backups.drill.checks', {
    mode: '640',
    group: 'postgres',
    needs: [`directory:/etc/fairlead/${name}`, 'package:pgbackrest'],
  });
  const word = (key: string, value: string | number) => from(key, value, 'systemd-exec');
  const { command, ...context } = serviceContext(input);
  const service = render(templates, 'pgbackrest/drill.service', 'systemd', {
    ...context,
    command: [
      word('backups.drill', places.drill),
      ...command,
      word('name', places.state),
      word('database.version', cluster(postgresVersion(host.os, database.version)).programs),
      word('database.name', database.name),
      word('backups.drill.checks', places.checks),
      word('backups.archiveTimeout', seconds(backups.archiveTimeout)),
      ...(next === undefined ? [] : [word('database.upgrades.next', next)]),
    ],
  });
  return [
    script,
    checks,
    ...scheduled(input, places.units.drill, service, 'backups.drill.schedule', drill.schedule, [script.id, checks.id]),
  ];
}
