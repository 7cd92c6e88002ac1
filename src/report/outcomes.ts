import { type HostSummary, isInPlace, type Outcome } from '../apply/events.ts';
import type { Colors } from './colors.ts';
import type { HostCourse } from './course.ts';
import { plural } from './diagnostics.ts';
import { secondsText } from './duration.ts';
import { columnsOf, padded } from './width.ts';

/** What to type to run a verb on some hosts; `attach` follows what goes on there. */
export type CommandFor = (
  verb: 'plan' | 'apply' | 'attach' | 'releases' | 'rollback',
  hosts: readonly string[],
) => string;

/** How a host ended; one that did not end is lost when it was begun, and skipped when it was not. */
export function summaryOf(course: HostCourse, commandFor: CommandFor): HostSummary {
  const { host, milliseconds } = course;
  const outcome = course.outcome ?? (course.stage === 'waiting' ? 'skipped' : 'lost');
  return {
    host,
    outcome,
    changes: changesMade(outcome, course.changes),
    milliseconds,
    ...(course.release !== undefined && isInPlace(outcome) ? { release: course.release } : {}),
    next: nextText(outcome, host, commandFor),
  };
}

/** How many of the planned changes were made for good, where that can be known. */
function changesMade(outcome: Outcome, planned: number | undefined): number | null {
  if (outcome === 'converged') return planned ?? null;
  return ['incomplete', 'partial', 'lost'].includes(outcome) ? null : 0;
}

function nextText(outcome: Outcome, host: string, commandFor: CommandFor): string {
  const apply = commandFor('apply', [host]);
  const texts: Record<Outcome, string> = {
    converged: '',
    incomplete: `mend the cause, then ${apply}, or wait for the host`,
    failed: `mend the cause, then ${apply}`,
    'rolled back': `mend the cause, then ${apply}`,
    partial: `mend the cause, then ${apply}`,
    locked: `wait for the other apply, then ${apply}`,
    stale: `look at ${commandFor('plan', [host])}, then apply`,
    refused: `mend what was refused, then ${apply}`,
    unreachable: `mend the connection, then ${apply}`,
    lost: commandFor('attach', [host]),
    skipped: `mend the others, then ${apply}`,
  };
  return texts[outcome];
}

const heads = ['host', 'outcome', 'changes', 'time', 'next'] as const;
/** How many columns of the table stand side by side in any case. */
const fixed = 4;

/**
 * A table of all hosts, and a sentence that counts them. What to do next stands in the last column, or on a line of its own where
 * the table would be wider than the terminal.
 *
 * @param columns width of the terminal; without it the table may be as wide as it needs.
 */
export function outcomeTable(
  hosts: readonly HostSummary[],
  milliseconds: number,
  columns: number | undefined,
  colors: Colors,
): string {
  const rows = hosts.map(cells);
  const widths = heads.map((head, at) => Math.max(...[head, ...rows.map((row) => row[at] ?? '')].map(columnsOf)));
  const wide = columns === undefined || widths.reduce((sum, width) => sum + width + 2, -2) <= columns;
  const line = (row: readonly string[], paint: (text: string, at: number) => string) => {
    const shown = wide ? row : row.slice(0, fixed);
    const texts = shown.map((text, at) => paint(padded(text, widths[at] ?? 0), at)).join('  ');
    const below = !wide && row[fixed] ? `\n  ${row[fixed]}` : '';
    return `${trimmed(texts)}${below}`;
  };
  const head = line(wide ? heads : heads.slice(0, fixed), (text) => colors.dim(text));
  const body = rows.map((row, index) => line(row, (text, at) => paintCell(text, at, hosts[index]?.outcome, colors)));
  return `${[head, ...body, '', countText(hosts, milliseconds)].join('\n')}\n`;
}

function cells({ host, outcome, changes, milliseconds, next }: HostSummary): string[] {
  return [
    host,
    outcome,
    changes === null ? '?' : String(changes),
    milliseconds > 0 ? secondsText(milliseconds) : '–',
    next,
  ];
}

function paintCell(text: string, at: number, outcome: Outcome | undefined, colors: Colors): string {
  if (at === 0) return colors.bold(text);
  if (at === 1) return outcomeColor(outcome, colors)(text);
  return text;
}

/** Green for what is as it should be, yellow for what was not begun or is postponed, red for the rest. */
export function outcomeColor(outcome: Outcome | undefined, colors: Colors): (text: string) => string {
  if (outcome === 'converged') return colors.green;
  return outcome === 'skipped' || outcome === 'incomplete' ? colors.yellow : colors.red;
}

/** No line ends in blanks; those behind a colour's end count, too. */
const trimmed = (line: string) => line.replace(/ +((?:\u001b\[\d+m)*)$/, '$1');

function countText(hosts: readonly HostSummary[], milliseconds: number): string {
  const outcomes = [...new Set(hosts.map(({ outcome }) => outcome))];
  const counts = outcomes.map((one) => `${hosts.filter(({ outcome }) => outcome === one).length} ${one}`);
  return `${plural(hosts.length, 'host')} in ${secondsText(milliseconds)}: ${counts.join(', ')}`;
}

/** Which releases went live where, and how to go back; nothing where none did. */
export function liveText(hosts: readonly HostSummary[], commandFor: CommandFor, colors: Colors): string {
  const releases = [...new Set(hosts.flatMap(({ release }) => (release === undefined ? [] : [release])))];
  const lines = releases.map((release) => {
    const names = hosts.filter((one) => one.release === release).map(({ host }) => host);
    return `release ${colors.bold(release)} is live on ${names.join(', ')}`;
  });
  return lines.length === 0 ? '' : `${lines.join('\n')}; to go back: ${commandFor('rollback', [])}\n`;
}
