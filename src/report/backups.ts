import type { Backup, Backups } from '../apply/backups.ts';
import type { RunStatus } from '../apply/status/data.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { plural } from './diagnostics.ts';
import { secondsText } from './duration.ts';
import { rehearsalWords } from './status.ts';

/** The backups of one host for people, newest first. */
export function backupsText(host: string, { backups, from, to, problem }: Backups, colors: Colors): string {
  const count = backups.length === 0 ? 'no backup yet' : plural(backups.length, 'backup');
  const range = from && to ? `; ${rangeWords(backups)} from ${from} to ${to} can be restored` : '';
  return [
    `${colors.bold(host)}: ${count}${range}\n`,
    ...(problem ? [`  ${colors.red('✗')} ${printable(problem)}\n`] : []),
    ...backups.map((one) => `${backupLine(one, colors)}\n`).reverse(),
  ].join('');
}

/** A dump brings back its own moment alone. */
const rangeWords = (backups: readonly Backup[]): string =>
  backups.some(({ asOf }) => asOf !== undefined) ? 'the moments of dumps' : 'any moment';

function backupLine({ label, type, started, finished, bytes, added, damaged, former }: Backup, colors: Colors): string {
  const took = secondsText(Date.parse(finished) - Date.parse(started));
  const state = damaged ? colors.red('  pages of the database were damaged') : '';
  const of = former === undefined ? '' : `  of PostgreSQL ${former}`;
  const size = `${sizeText(bytes)}, ${sizeText(added)} kept`;
  return `  ${printable(label.padEnd(33))} ${type.padEnd(4)}  ${finished}  in ${took}  ${colors.dim(size)}${of}${state}`;
}

/** Bytes for people: `812 B`, `12.3 MB`, `4.0 GB`. */
export function sizeText(bytes: number): string {
  const steps = [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const;
  const [size, unit] = steps.find(([one]) => bytes >= one) ?? [];
  return size === undefined ? `${bytes} B` : `${(bytes / size).toFixed(1)} ${unit}`;
}

/** What a backup or a drill that just ended came to. */
export function ranText(host: string, what: string, run: RunStatus, seconds: number, colors: Colors): string {
  const name = colors.bold(host);
  if (run.result !== 'ok') return `${name}: ${colors.red('✗')} the ${what} failed: ${printable(run.problem)}\n`;
  const { rpoSeconds, rtoSeconds, type } = run;
  const kind = type ? `${type} ` : '';
  const rehearsed = rehearsalWords(run.upgrade).map((words) => `; ${words}`);
  const measured = rpoSeconds === undefined ? '' : `; RPO ${rpoSeconds} s, RTO ${rtoSeconds} s`;
  return `${name}: ${colors.green('✓')} ${kind}${what} in ${secondsText(seconds * 1000)}${measured}${rehearsed.map(printable).join('')}\n`;
}
