import type { FileResource, Resource } from '../../resources/resource.ts';
import { seconds } from '../../spec/units.ts';
import { isArchived } from '../backups/archive.ts';
import { backupPlaces } from '../backups/places.ts';
import type { CompileInput } from '../compile.ts';
import { certificatePaths, hasCertificate } from '../database/certificate.ts';
import { cluster } from '../database/places.ts';
import { isDumped } from '../dumps/places.ts';
import { unit } from '../host/own-unit.ts';
import { aptPackage, directory, file, secretId, secretPath } from '../parts.ts';
import { render } from '../render.ts';
import { postgresVersion } from '../targets.ts';
import { tlsPlaces } from '../tls/places.ts';
import { hasRole } from '../topology.ts';
import { from, type Traced, tracer } from '../trace.ts';
import { monitorPlaces } from './places.ts';

const section = 'observability.alerts';

/** What watches a host and sends alarms: one script, a timer, and a unit that tells of a failed one. Nothing without a webhook. */
export function compileObservability(input: CompileInput): Resource[] {
  const { name, observability } = input.spec;
  const { webhook } = observability.alerts;
  if (webhook === undefined) return [];
  const places = monitorPlaces(name);
  const script = file(places.script, render(input.templates, 'monitor/monitor.sh', 'word', {}), section, {
    mode: '755',
    needs: [`directory:${places.programs}`],
  });
  const [timer, ...services] = unitFiles(input, webhook);
  const environment = environmentFile(input);
  return [
    ...['curl', 'openssl'].map((one) => aptPackage(one, section)),
    directory(places.settings, 'name'),
    directory(places.programs, 'name'),
    script,
    environment,
    timer,
    ...services,
    unit(places.units.timer, section, {
      needs: [script, environment, ...services].map(({ id }) => id).concat(secretId(name, webhook)),
      inputs: [{ id: timer.id, effect: 'restart' }],
    }),
  ];
}

function unitFiles({ spec, templates }: CompileInput, webhook: string): [FileResource, ...FileResource[]] {
  const key = tracer(spec);
  const places = monitorPlaces(spec.name);
  const context = {
    name: key('name'),
    script: from('name', places.script),
    settings: from('name', places.environment),
    webhook: from(`${section}.webhook`, secretPath(spec.name, webhook)),
    every: key(`${section}.every`),
  };
  const unitFile = (template: string, name: string) =>
    file(`/etc/systemd/system/${name}`, render(templates, `monitor/${template}`, 'systemd', context), section);
  return [
    unitFile('monitor.timer', places.units.timer),
    unitFile('monitor.service', places.units.service),
    unitFile('alert@.service', places.units.alert),
  ];
}

function environmentFile(input: CompileInput): FileResource {
  const { spec, templates } = input;
  const places = monitorPlaces(spec.name);
  const variables = Object.entries(settingsOf(input)).map(([variable, { key, value }]) => ({
    variable: from(key, variable, 'identifier'),
    content: from(key, String(value)),
  }));
  const rendered = render(templates, 'monitor/monitor.env', 'environment-file', {
    name: from('name', spec.name, 'systemd'),
    variables,
  });
  return file(places.environment, rendered, section, { needs: [`directory:${places.settings}`] });
}

/** How long pieces of the log may wait beyond `backups.archiveTimeout`, such as for a repository that is away for a moment, in minutes. */
const archiveMinutes = 15;

/** Where the server keeps a mark for each piece of the log that waits (PostgreSQL manual, continuous archiving). */
const archiveQueue = ({ spec, host }: CompileInput): string =>
  `${cluster(postgresVersion(host.os, spec.database?.version)).data}/pg_wal/archive_status`;

/** What the monitor is told, by variable. The project that manages the host looks at all units, others at their own. */
function settingsOf(input: CompileInput): Record<string, Traced> {
  const { spec, host } = input;
  const key = tracer(spec);
  const { name, tls, backups } = spec;
  const certified = spec.proxy !== undefined && hasRole(host, 'proxy') && tls.provider !== 'none';
  const archived = isArchived(input);
  const backedUp = archived || isDumped(input);
  const drilled = backedUp && backups.drill.enabled;
  const where = { tls: tlsPlaces(name), backups: backupPlaces(name) };
  return {
    PROJECT: key('name'),
    ENVIRONMENT: from('environments', spec.environment),
    HOST: from('name', host.name),
    FORMAT: key(`${section}.format`),
    UNITS: from('host.manage', spec.host.manage ? '*' : `${name}.* ${name}-*`),
    CERTIFICATE: from('tls.provider', certified ? where.tls.certificate : ''),
    CERTIFICATE_STATE: from('tls.provider', certified ? where.tls.state : ''),
    DATABASE_CERTIFICATE: from('database.tls', hasCertificate(input) ? certificatePaths(name).certificate : ''),
    CERTIFICATE_DAYS: key(`${section}.certificateDays`),
    BACKUP_STATUS: from('backups.engine', backedUp ? where.backups.backupStatus : ''),
    BACKUP_HOURS: key(`${section}.backupHours`),
    DRILL_STATUS: from('backups.drill.enabled', drilled ? where.backups.drillStatus : ''),
    DRILL_HOURS: from('backups.drill.maxAge', Math.ceil(seconds(backups.drill.maxAge) / 3600)),
    ARCHIVE_QUEUE: from('backups.engine', archived ? archiveQueue(input) : ''),
    ARCHIVE_MINUTES: from('backups.archiveTimeout', Math.ceil(seconds(backups.archiveTimeout) / 60) + archiveMinutes),
    DISK_PERCENT: key(`${section}.diskPercent`),
  };
}
