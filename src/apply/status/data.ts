import { type CertificateOf, databaseCertificateIn, databaseCertificateProblems } from './certificate.ts';
import { numberIn, objectIn, optional, type Problem, textIn, timeOf } from './reading.ts';

/** The server of a database and what it hands over to the archive. */
export interface DatabaseStatus {
  readonly name: string;
  /** Why it did not answer; nothing else is known then. */
  readonly problem?: string;
  readonly bytes?: number;
  /** Connections of clients to the whole server, and how many it takes. */
  readonly connections?: number;
  readonly limit?: number;
  /** Servers that follow this one. */
  readonly replicas?: number;
  readonly archive?: {
    /** In UTC (RFC 3339): when a piece of the write-ahead log was archived last, and when that failed last. */
    readonly archived?: string;
    readonly failed?: string;
    /** Pieces that wait. */
    readonly waiting: number;
  };
}

/** The last backup or the last drill, as its script wrote it down. Times are in UTC (RFC 3339). */
export interface RunStatus {
  readonly result: string;
  /** Why it failed; empty otherwise. */
  readonly problem: string;
  readonly finished?: string;
  /** When one succeeded last. */
  readonly succeeded?: string;
  /** Of a backup: `full` or `incr`. */
  readonly type?: string;
  /** Of a drill: what could have been lost at most, and how long a restore took, in seconds. */
  readonly rpoSeconds?: number;
  readonly rtoSeconds?: number;
  /** Of a drill that rehearsed an upgrade of the server to another major version. */
  readonly upgrade?: RehearsalStatus;
}

/** How an upgrade went that was rehearsed on the copy of a drill. */
export interface RehearsalStatus {
  readonly to: number;
  readonly result: string;
  readonly problem: string;
  readonly seconds: number;
}

/** Versions of the server's package, and how the last update of it went. */
export interface ServerStatus {
  readonly installed: string;
  /** What the next update would bring; the same when there is none. */
  readonly candidate: string;
  readonly result?: string;
  readonly problem?: string;
  /** In UTC (RFC 3339). */
  readonly finished?: string;
}

/** Data of the server of before an upgrade or a restore. */
export interface KeptStatus {
  /** Major version. */
  readonly version: number;
  /** In UTC (RFC 3339). */
  readonly since: string;
  readonly bytes: number;
  readonly path: string;
}

export interface DataStatus {
  readonly kept?: readonly KeptStatus[];
  readonly server?: ServerStatus;
  readonly database?: DatabaseStatus;
  /** What the server shows to other hosts, when it is a certificate of the project's own. */
  readonly certificate?: CertificateOf;
  /** Since when there are backups; absent where there are none. */
  readonly since?: string;
  readonly backup?: RunStatus;
  readonly drill?: RunStatus;
}

/** How old the last good backup and the last good drill may become, in hours; no drill where none runs. */
export interface Budgets {
  readonly backupHours: number;
  readonly drillHours?: number;
  /** How long data of before an upgrade or a restore are meant to stay. */
  readonly keepHours?: number;
}

/** The texts that a host prints about its data; those that it did not print are absent. */
export interface DataLines {
  readonly database: string | undefined;
  readonly kept: readonly string[];
  readonly server: string | undefined;
  readonly upgrade: string | undefined;
  readonly since: string | undefined;
  readonly backup: string | undefined;
  readonly drill: string | undefined;
  /** Of certificates, of which one may be the server's. */
  readonly serials: readonly string[];
}

export function dataIn(lines: DataLines): DataStatus | undefined {
  const { database, kept, server, upgrade, since, backup, drill, serials } = lines;
  if (database === undefined && since === undefined) return undefined;
  return {
    ...optional('kept', kept.length > 0 ? kept.flatMap(keptIn) : undefined),
    ...optional('server', serverIn(server, upgrade)),
    ...optional('database', databaseIn(database)),
    ...optional('certificate', databaseCertificateIn(serials)),
    ...optional('since', since === undefined ? undefined : timeOf(Number(since) || 0)),
    ...optional('backup', runIn(backup)),
    ...optional('drill', runIn(drill)),
  };
}

function keptIn(text: string): KeptStatus[] {
  const [, version, since, bytes, path = ''] = text.match(/^(\d+) (\d+) (\d+) (.*)$/) ?? [];
  return path === '' ? [] : [{ version: Number(version), since: timeOf(Number(since)), bytes: Number(bytes), path }];
}

function serverIn(text: string | undefined, upgrade: string | undefined): ServerStatus | undefined {
  const [installed, candidate] = (text ?? '').split(' ');
  if (!installed) return undefined;
  const last = objectIn(upgrade);
  return {
    installed,
    candidate: candidate || installed,
    ...optional('result', textIn(last?.result)),
    ...optional('problem', textIn(last?.problem)),
    ...optional('finished', momentIn(last?.finishedAt)),
  };
}

function databaseIn(text: string | undefined): DatabaseStatus | undefined {
  if (text === undefined) return undefined;
  const known = objectIn(text);
  const number = (key: string) => optional(key, numberIn(known?.[key]));
  return {
    name: textIn(known?.name) ?? '',
    ...optional('problem', known ? textIn(known.problem) : 'what it said could not be read'),
    ...number('bytes'),
    ...number('connections'),
    ...number('limit'),
    ...number('replicas'),
    ...optional('archive', known?.archiving === true ? archiveIn(known) : undefined),
  };
}

const momentIn = (value: unknown) => {
  const seconds = numberIn(value);
  return seconds ? timeOf(seconds) : undefined;
};

const archiveIn = ({ archived, failed, waiting }: Readonly<Record<string, unknown>>) => ({
  ...optional('archived', momentIn(archived)),
  ...optional('failed', momentIn(failed)),
  waiting: numberIn(waiting) ?? 0,
});

/** Reads what the script of a backup or a drill has written down. */
export function runIn(text: string | undefined): RunStatus | undefined {
  if (text === undefined) return undefined;
  const known = objectIn(text);
  if (!known) return { result: 'failed', problem: 'what was written down about it could not be read' };
  return {
    result: textIn(known.result) ?? 'failed',
    problem: textIn(known.problem) ?? '',
    ...optional('finished', momentIn(known.finishedAt)),
    ...optional('succeeded', momentIn(known.lastSuccessAt)),
    ...optional('type', textIn(known.type)),
    ...optional('rpoSeconds', numberIn(known.rpoSeconds)),
    ...optional('rtoSeconds', numberIn(known.rtoSeconds)),
    ...optional('upgrade', rehearsalIn(known.upgrade)),
  };
}

function rehearsalIn(value: unknown): RehearsalStatus | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const known = value as Readonly<Record<string, unknown>>;
  const [to, seconds] = [numberIn(known.to), numberIn(known.seconds)];
  if (to === undefined || seconds === undefined) return undefined;
  return { to, result: textIn(known.result) ?? 'failed', problem: textIn(known.problem) ?? '', seconds };
}

/**
 * What is wrong with it.
 *
 * @param timers names of the host's timers.
 * @param now seconds since 1970, by the host's clock.
 */
export function dataProblems(
  data: DataStatus | undefined,
  timers: readonly string[],
  now: number,
  budgets: Budgets,
): Problem[] {
  if (!data) return [];
  const runs = data.since === undefined ? [] : runProblems(data, timers, now, budgets);
  const kept = (data.kept ?? []).flatMap((one) => keptProblem(one, now, budgets));
  const certificate = databaseCertificateProblems(data.certificate, now);
  return [...databaseProblems(data.database), ...certificate, ...serverProblems(data.server, timers), ...runs, ...kept];
}

function serverProblems(server: ServerStatus | undefined, timers: readonly string[]): Problem[] {
  if (server?.result !== 'failed') return [];
  const timer = timers.find((name) => name.endsWith('-database-upgrade.timer'));
  const unit = timer?.replace(/timer$/, 'service') ?? '<project>-database-upgrade.service';
  const fix = `see why on the host: journalctl -u ${unit}; when that is mended: systemctl start ${unit}`;
  return [{ message: `the last update of the server failed: ${server.problem ?? ''}`, fix }];
}

function keptProblem({ version, since, path }: KeptStatus, now: number, { keepHours }: Budgets): Problem[] {
  const age = (now - Date.parse(since) / 1000) / 3600;
  if (keepHours === undefined || age <= keepHours) return [];
  const isServer = path.endsWith('/main');
  const message = `data of before ${isServer ? 'an upgrade' : 'an upgrade or a restore'} have been kept for ${Math.floor(age / 24)} days, in ${path}; database.upgrades.keep asks for ${keepHours / 24}`;
  const way = isServer
    ? `delete database.upgrades.from and apply, then on the host: pg_dropcluster ${version} main`
    : `on the host: rm -r ${path}`;
  return [{ message, fix: `${way}; or raise database.upgrades.keep` }];
}

/** Percent of the connections from which on few are left. */
const crowdedPercent = 90;

/** Pieces of the log, of 16 MB each, that may wait while the server writes much. */
const waitingPieces = 64;

function databaseProblems(database: DatabaseStatus | undefined): Problem[] {
  if (!database) return [];
  const { name, problem, connections = 0, limit, archive } = database;
  if (problem !== undefined)
    return [
      {
        message: `the database ${name} does not answer: ${problem}`,
        fix: "look at it on the host: systemctl status 'postgresql@*'; journalctl -u 'postgresql@*'",
      },
    ];
  const crowded = limit !== undefined && connections >= (limit * crowdedPercent) / 100;
  return [
    ...(crowded
      ? [
          {
            message: `${connections} of ${limit} connections of the server are in use`,
            fix: 'see whose they are (pg_stat_activity); raise database.maxConnections, or switch on database.pooler',
          },
        ]
      : []),
    ...(archive ? archiveProblems(archive) : []),
  ];
}

function archiveProblems({ archived, failed, waiting }: NonNullable<DatabaseStatus['archive']>): Problem[] {
  const fix = "see why on the host: journalctl -u 'postgresql@*'; the log is kept until then, and fills the disk";
  if (failed !== undefined && failed > (archived ?? ''))
    return [{ message: `the write-ahead log could not be archived at ${failed}; ${waiting} pieces wait`, fix }];
  return waiting > waitingPieces
    ? [{ message: `${waiting} pieces of the write-ahead log wait to be archived`, fix }]
    : [];
}

function runProblems(
  { since = '', backup, drill }: DataStatus,
  timers: readonly string[],
  now: number,
  { backupHours, drillHours }: Budgets,
): Problem[] {
  const unit = (ending: string) => timers.find((name) => name.endsWith(ending))?.replace(/timer$/, 'service') ?? '';
  return [
    ...runProblem({ what: 'backup', unit: unit('-backup-full.timer'), run: backup, since, hours: backupHours }, now),
    ...(drillHours === undefined
      ? []
      : runProblem({ what: 'drill', unit: unit('-backup-drill.timer'), run: drill, since, hours: drillHours }, now)),
  ];
}

interface Run {
  readonly what: 'backup' | 'drill';
  readonly unit: string;
  readonly run: RunStatus | undefined;
  readonly since: string;
  readonly hours: number;
}

/** No news is bad news: what never ran counts from when it could have run first. */
function runProblem({ what, unit, run, since, hours }: Run, now: number): Problem[] {
  const fix = `see why on the host: journalctl -u ${unit}; when that is mended: npm run backup${what === 'drill' ? ' -- drill' : ''}`;
  if (run && run.result !== 'ok') return [{ message: `the last ${what} failed: ${run.problem}`, fix, about: what }];
  const last = run?.succeeded ?? since;
  const age = (now - Date.parse(last) / 1000) / 3600;
  if (age <= hours) return [];
  const message = `no ${what} has succeeded for ${Math.floor(age)} hours; ${hours} are allowed`;
  return [{ message, fix, about: what }];
}
