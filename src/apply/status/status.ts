/** How a host is, as far as a project is concerned: read from what the script `status` prints, and judged. */
import { type CertificateStatus, certificateIn, certificateProblems } from './certificate.ts';
import { type Budgets, type DataStatus, dataIn, dataProblems } from './data.ts';
import { objectIn, optional, type Problem, textIn, timeOf } from './reading.ts';

/** A unit of the host, as systemd tells it (org.freedesktop.systemd1(5)). */
export interface UnitStatus {
  readonly name: string;
  /** `active`, `failed`, `inactive` and so on; `missing` for one that systemd has no file of. */
  readonly state: string;
  /** How often systemd has started it again by itself. */
  readonly restarts: number;
  /** In UTC (RFC 3339): when its state changed last. */
  readonly since?: string;
  /** In UTC (RFC 3339): when a timer elapses next. */
  readonly next?: string;
}

export interface DiskStatus {
  /** Where it is mounted. */
  readonly path: string;
  /** Percent of its bytes and of its inodes that are used. */
  readonly bytes: number;
  readonly inodes: number;
}

export interface HostStatus {
  /** In UTC (RFC 3339), by the host's clock. */
  readonly at: string;
  /** Seconds since it was started. */
  readonly up: number;
  readonly memory?: { readonly kib: number; readonly available: number };
  readonly disks: readonly DiskStatus[];
  readonly units: readonly UnitStatus[];
  /** The release that serves, since when, and who brought it. */
  readonly live?: { readonly release: string; readonly since?: string; readonly who?: string };
  readonly lastApply?: { readonly at: string; readonly outcome: string; readonly who: string };
  /** The transaction that was cut off, or that is at work. */
  readonly unfinished?: string;
  readonly certificate?: CertificateStatus;
  readonly data?: DataStatus;
  readonly problems: readonly Problem[];
}

/** What is asked of a host. */
export interface StatusRequest {
  readonly project: string;
  /** Web instances that it should run. */
  readonly instances: number;
  /** The project's database, when its server is here. */
  readonly database?: string;
  /** Folder with the state of backups and drills, when they run here. */
  readonly backups?: string;
  readonly units: readonly string[];
}

/** What the script is given on standard input. */
export const statusRequest = ({ project, instances, database = '', backups = '', units }: StatusRequest): string =>
  [project, instances, database, backups, ...units].map((line) => `${line}\n`).join('');

/**
 * Reads what the script `status` prints.
 *
 * @param budgets how old backups and drills may become.
 * @throws Error when the host did not say what time it is: then it did not answer as asked.
 */
export function readStatus(output: string, budgets: Budgets): HostStatus {
  const lines = output.split('\n').map((line): [string, string] => {
    const space = line.indexOf(' ');
    return [line.slice(0, space), line.slice(space + 1)];
  });
  const all = (word: string) => lines.flatMap(([first, text]) => (first === word ? [text] : []));
  const one = (word: string) => all(word)[0];
  const now = Number(one('now') ?? Number.NaN);
  if (Number.isNaN(now)) throw new Error('the host did not say what time it is');
  const next = new Map(all('next').map((text) => text.split(' ', 2) as [string, string]));
  const known = {
    at: timeOf(now),
    up: Number(one('up') ?? 0),
    disks: all('disk').flatMap(diskIn),
    units: unitsIn(
      all('unit').map((text) => unitIn(text, next)),
      all('failed'),
    ),
    ...optional('memory', memoryIn(one('memory'))),
    ...optional('live', liveIn(one('live'), one('switch'))),
    ...optional('lastApply', applyIn(one('apply'))),
    ...optional('unfinished', one('unfinished')),
    ...optional('certificate', certificateIn(one('certificate'), one('renewed'), all('serial'))),
    ...optional(
      'data',
      dataIn({
        database: one('database'),
        kept: all('kept'),
        server: one('server'),
        upgrade: one('upgrade'),
        backup: one('backup'),
        drill: one('drill'),
        since: one('since'),
        serials: all('serial'),
      }),
    ),
  };
  return { ...known, problems: problemsOf(known, now, budgets) };
}

function diskIn(text: string): DiskStatus[] {
  const [, bytes = '', inodes = '', path = ''] = text.match(/^(\S+) (\S+) (.*)$/) ?? [];
  // A file system without a fixed number of inodes shows a dash.
  return path === '' ? [] : [{ path, bytes: Number(bytes) || 0, inodes: Number(inodes) || 0 }];
}

function memoryIn(text: string | undefined) {
  const [kib = Number.NaN, available = Number.NaN] = (text ?? '').split(' ').map(Number);
  return Number.isNaN(kib) || Number.isNaN(available) ? undefined : { kib, available };
}

/** The units of the manifest, and others of the project that have failed, such as those that timers start. */
const unitsIn = (units: readonly UnitStatus[], failed: readonly string[]): UnitStatus[] => [
  ...units,
  ...failed
    .filter((name) => units.every((unit) => unit.name !== name))
    .map((name) => ({ name, state: 'failed', restarts: 0 })),
];

function unitIn(text: string, next: ReadonlyMap<string, string>): UnitStatus {
  const properties = new Map(text.split(' ').map((pair) => pair.split('=', 2) as [string, string]));
  const of = (name: string) => properties.get(name) ?? '';
  const stamp = (name: string) => (/^@\d+/.test(of(name)) ? timeOf(Number.parseInt(of(name).slice(1), 10)) : undefined);
  return {
    name: of('Id'),
    state: of('LoadState') === 'not-found' ? 'missing' : of('ActiveState'),
    restarts: Number(of('NRestarts')) || 0,
    ...optional('since', stamp('StateChangeTimestamp')),
    ...optional('next', next.has(of('Id')) ? timeOf(Number(next.get(of('Id')))) : undefined),
  };
}

function liveIn(release: string | undefined, text: string | undefined) {
  if (release === undefined) return undefined;
  const last = objectIn(text);
  return last?.release === release
    ? { release, ...optional('since', textIn(last.at)), ...optional('who', textIn(last.who)) }
    : { release };
}

function applyIn(text: string | undefined) {
  const entry = objectIn(text);
  const [at, outcome, who] = [textIn(entry?.at), textIn(entry?.outcome), textIn(entry?.who)];
  return at && outcome && who ? { at, outcome, who } : undefined;
}

type Known = Omit<HostStatus, 'problems'>;

function problemsOf(known: Known, now: number, budgets: Budgets): Problem[] {
  return [
    ...known.units.flatMap(unitProblem),
    ...certificateProblems(known.certificate, now),
    ...dataProblems(
      known.data,
      known.units.map(({ name }) => name),
      now,
      budgets,
    ),
    ...known.disks.flatMap(diskProblem),
    ...memoryProblem(known),
    ...applyProblem(known),
  ];
}

/** A unit in one of these is on its way. */
const settling = new Set(['active', 'activating', 'reloading', 'refreshing']);

function unitProblem({ name, state }: UnitStatus): Problem[] {
  if (settling.has(state)) return [];
  // What stands for the certificate is told below, with the reason.
  if (/-certificate(-renewal|-install)?\.service$/.test(name) && state === 'failed') return [];
  if (state === 'missing') return [{ message: `there is no unit ${name}`, fix: 'bring it with npm run apply' }];
  const fix = `look at it on the host: systemctl status ${name}; journalctl -u ${name}`;
  return [{ message: state === 'failed' ? `${name} has failed` : `${name} is ${state}`, fix }];
}

/** Percent of a disk from which on it counts as full. */
const fullPercent = 90;

function diskProblem({ path, bytes, inodes }: DiskStatus): Problem[] {
  const fix = `make room on the host: df -h ${path}; du -xh ${path} | sort -h | tail`;
  if (bytes >= fullPercent) return [{ message: `${path} is full to ${bytes} percent`, fix }];
  return inodes >= fullPercent ? [{ message: `${path} has used ${inodes} percent of its inodes`, fix }] : [];
}

const scarcePercent = 5;

function memoryProblem({ memory }: Known): Problem[] {
  if (!memory || (memory.available / memory.kib) * 100 >= scarcePercent) return [];
  const left = Math.round(memory.available / 1024);
  return [{ message: `only ${left} MB of memory are available`, fix: 'on the host: systemd-cgtop -m' }];
}

/** An apply that goes on has its mark as well; it tells its own end. */
function applyProblem({ unfinished, units, live }: Known): Problem[] {
  if (unfinished !== undefined)
    return [
      {
        message: `the apply ${unfinished} was cut off, or is at work`,
        fix: 'follow it with npm run apply -- --attach; the next apply ends what was cut off',
      },
    ];
  return units.length === 0 && live === undefined
    ? [{ message: 'nothing of the project is on this host', fix: 'bring it with npm run apply' }]
    : [];
}
