import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import type { Course, HostCourse } from './course.ts';
import { plural } from './diagnostics.ts';
import { elapsedText } from './duration.ts';
import { columnsOf, cut, padded } from './width.ts';

/** What live lines are fitted into. */
export interface Fit {
  /** None is wider. */
  readonly columns: number;
  /** There are no more. */
  readonly rows: number;
}

/** `[ 3/12]`, as wide for each step of a host. */
export const counter = (number: number, steps: number): string =>
  `[${String(number).padStart(String(steps).length)}/${steps}]`;

/** A line for each host at work, and with several hosts one for all of them. */
export function progressLines(course: Course, now: number, { columns, rows }: Fit, colors: Colors): string[] {
  const { hosts, active } = course;
  if (active.length === 0) return [];
  const names = Math.max(...hosts.map(({ host }) => columnsOf(host)));
  const together = hosts.length > 1 ? [allLine(course, columns, colors)] : [];
  const room = Math.max(1, rows - together.length);
  const shown = active.length > room ? active.slice(0, room - 1) : active;
  const more = active.length - shown.length;
  return [
    ...shown.map((host) => hostLine(host, names, now, columns, colors)),
    ...(more > 0 ? [colors.dim(cut(`… and ${plural(more, 'host')} more at work`, columns))] : []),
    ...together,
  ];
}

function hostLine(course: HostCourse, names: number, now: number, columns: number, colors: Colors): string {
  const name = padded(course.host, names);
  const parts = [doing(course), elapsedText(now - course.since)] as const;
  const room = columns - columnsOf(name) - columnsOf(parts[0].count) - columnsOf(parts[1]) - 3;
  // On a very narrow terminal the end of the line goes, not its break.
  if (room < 4) return cut([name, parts[0].count, parts[0].what].join(' '), columns);
  const count = parts[0].count && ` ${colors.dim(parts[0].count)}`;
  return `${colors.bold(name)}${count} ${cut(parts[0].what, room)} ${colors.dim(parts[1])}`;
}

/** Where a host is, as the counter of its steps and words. */
function doing({ stage, number, steps, title }: HostCourse): { readonly count: string; readonly what: string } {
  const count = number > 0 ? counter(number, steps) : '';
  switch (stage) {
    case 'sending':
      return { count, what: `sending ${plural(steps, 'step')}` };
    case 'between':
      return { count, what: 'at work' };
    case 'undoing':
      return { count, what: `putting back: ${printable(title)}` };
    case 'checking':
      return { count, what: 'looking whether all is as planned' };
    default:
      return { count, what: printable(title) };
  }
}

function allLine(course: Course, columns: number, colors: Colors): string {
  const { hosts } = course;
  const ended = hosts.filter(({ stage }) => stage === 'ended');
  const failed = ended.filter(({ outcome }) => outcome !== 'converged').length;
  const waiting = hosts.filter(({ stage }) => stage === 'waiting').length;
  const parts = [
    `${ended.length} of ${plural(hosts.length, 'host')} done`,
    ...(failed > 0 ? [`${failed} not converged`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    elapsedText(course.elapsed),
  ];
  return colors.dim(cut(parts.join(', '), columns));
}
