import type { CertificateStatus } from '../apply/status/certificate.ts';
import type { DatabaseStatus, RehearsalStatus, RunStatus } from '../apply/status/data.ts';
import type { HostStatus, UnitStatus } from '../apply/status/status.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { plural } from './diagnostics.ts';

const DAY = 86_400_000;

/** How one host is, for people: what is wrong with it first, each with what to do. */
export function statusText(host: string, status: HostStatus, colors: Colors): string {
  const { problems } = status;
  const verdict = problems.length === 0 ? colors.green('all is well') : colors.red(plural(problems.length, 'problem'));
  const wrong = problems.flatMap(({ message, fix }) => [
    `  ${colors.red('✗')} ${printable(message)}`,
    `    ${colors.dim('fix:')} ${printable(fix)}`,
  ]);
  const facts = [
    ['release', releaseLine(status)],
    ['certificate', certificateLine(status)],
    ['database', databaseLine(status)],
    ['server', serverLine(status)],
    ['kept', keptLine(status)],
    ['backup', runLine(status, status.data?.backup, /-backup-(full|incremental)\.timer$/)],
    ['drill', runLine(status, status.data?.drill, /-backup-drill\.timer$/)],
    ['units', unitsLine(status.units)],
    ['host', hostLine(status)],
    ['last apply', applyLine(status)],
  ].flatMap(([name, text]) => (text ? [`  ${colors.dim(String(name).padEnd(11))} ${printable(text)}`] : []));
  return `${[`${colors.bold(host)}: ${verdict}`, ...wrong, ...facts].join('\n')}\n`;
}

function releaseLine({ live }: HostStatus): string {
  if (!live) return '';
  return [live.release, ...(live.since ? [`since ${live.since}`] : []), ...(live.who ? [`by ${live.who}`] : [])].join(
    ' ',
  );
}

function certificateLine({ certificate, at }: HostStatus): string {
  const shown = certificate && (certificate.served ?? certificate.installed);
  if (!certificate || !shown || !certificate.installed) return '';
  const days = Math.floor((Date.parse(shown.notAfter) - Date.parse(at)) / DAY);
  return `until ${shown.notAfter} (${plural(days, 'day')}), ${renewal(certificate)}, serial ${shown.serial}`;
}

const renewal = ({ renewedDays }: CertificateStatus) =>
  renewedDays === undefined ? 'one of your own' : `renewed ${plural(Math.round(renewedDays), 'day')} before`;

function databaseLine({ data, at }: HostStatus): string {
  const { database } = data ?? {};
  if (!database || database.bytes === undefined) return '';
  const { name, bytes, connections, limit, replicas } = database;
  return [
    `${name} ${(bytes / 1e6).toFixed(1)} MB`,
    `${connections} of ${limit} connections`,
    ...(replicas ? [plural(replicas, 'replica')] : []),
    ...archiveWords(database, at),
    ...(data?.certificate ? [`certificate until ${data.certificate.notAfter}`] : []),
  ].join(', ');
}

function serverLine({ data, units }: HostStatus): string {
  const { server } = data ?? {};
  if (!server) return '';
  const { installed, candidate } = server;
  if (installed === candidate) return installed;
  const window = units.find(({ name }) => name.endsWith('-database-upgrade.timer'))?.next;
  return `${installed}; ${candidate} waits${window ? ` for ${window}` : ': database.upgrades.automatic is false'}`;
}

const keptLine = ({ data }: HostStatus): string =>
  (data?.kept ?? [])
    .map(
      ({ version, since, bytes, path }) =>
        `PostgreSQL ${version}, ${(bytes / 1e6).toFixed(1)} MB, since ${since}, ${path}`,
    )
    .join('; ');

function archiveWords({ archive }: DatabaseStatus, at: string): string[] {
  if (!archive) return [];
  const age = archive.archived && Math.round((Date.parse(at) - Date.parse(archive.archived)) / 1000);
  return [
    age === undefined ? 'log not archived yet' : `log archived ${age} s ago`,
    ...(archive.waiting > 0 ? [`${plural(archive.waiting, 'piece')} waiting`] : []),
  ];
}

/** Of a backup or a drill: the last one, what it measured, and when the next is due. */
function runLine({ data, units }: HostStatus, run: RunStatus | undefined, timers: RegExp): string {
  const next = units.flatMap(({ name, next: due }) => (timers.test(name) && due ? [due] : [])).sort()[0];
  if (data?.since === undefined || (next === undefined && run === undefined)) return '';
  const { type, result, finished, rpoSeconds, rtoSeconds } = run ?? {};
  const last = run ? [type, result, finished].filter(Boolean).join(' ') : 'none yet';
  return [
    last,
    ...(run?.result === 'ok' && rpoSeconds !== undefined ? [`RPO ${rpoSeconds} s, RTO ${rtoSeconds} s`] : []),
    ...rehearsalWords(run?.upgrade),
    ...(next ? [`next ${next}`] : []),
  ].join(', ');
}

/** How the upgrade to another major version went that a drill rehearsed. */
export function rehearsalWords(upgrade: RehearsalStatus | undefined): string[] {
  if (!upgrade) return [];
  const { to, result, problem, seconds } = upgrade;
  return result === 'ok'
    ? [`upgrade to PostgreSQL ${to} rehearsed in ${seconds} s`]
    : [`rehearsal of the upgrade to PostgreSQL ${to} failed: ${problem}`];
}

function unitsLine(units: readonly UnitStatus[]): string {
  const active = units.filter(({ state }) => state === 'active').length;
  const restarted = units.filter(({ restarts }) => restarts > 0).map(({ name, restarts }) => `${name} ${restarts}×`);
  const again = restarted.length > 0 ? `; started again by systemd: ${restarted.join(', ')}` : '';
  return units.length > 0 ? `${active} of ${units.length} active${again}` : '';
}

function hostLine({ up, memory, disks }: HostStatus): string {
  const used = memory && Math.round((1 - memory.available / memory.kib) * 100);
  return [
    `up ${plural(Math.floor(up / 86_400), 'day')}`,
    ...(used === undefined ? [] : [`memory ${used} %`]),
    ...disks.map(({ path, bytes }) => `${path} ${bytes} %`),
  ].join(', ');
}

const applyLine = ({ lastApply }: HostStatus): string =>
  lastApply ? `${lastApply.at} ${lastApply.outcome}, by ${lastApply.who}` : '';
