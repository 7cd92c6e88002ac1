import type { ApplyEvent, Listener } from '../apply/events.ts';
import { worst } from '../apply/events.ts';
import { type Diagnostic, type EndingSignal, type ExitCode, printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { Course, type HostCourse } from './course.ts';
import { elapsedText, secondsText } from './duration.ts';
import { interruptedEvent, interruptedText } from './interruption.ts';
import { columnsOfTerminal, LiveArea, type Output, rowsOfTerminal } from './live.ts';
import { type CommandFor, liveText, outcomeColor, outcomeTable, summaryOf } from './outcomes.ts';
import { counter, progressLines } from './progress.ts';
import { columnsOf, padded } from './width.ts';

/** Says what happens during an apply, to people or to programs. */
export interface ApplyReporter {
  readonly listen: Listener;
  /** Says how all hosts ended, and returns the exit code that follows from it. */
  finish(): ExitCode;
  /** Says what goes on without this process, after a signal. Nothing is said any more afterwards. */
  interrupted(signal: EndingSignal): void;
  /** Says what ended the whole apply; false when that is left to the caller. */
  refused(diagnostics: readonly Diagnostic[], exitCode: ExitCode): boolean;
  /** Leaves the terminal as it was. */
  close(): void;
}

export interface TextSettings {
  /** Whether lines may be written over; by default when the output is a terminal. */
  readonly live?: boolean;
  /** The time in milliseconds, from any beginning. */
  readonly now?: () => number;
  readonly commandFor?: CommandFor;
}

const usualCommand: CommandFor = (verb, hosts) => {
  const [script, ...options] = verb === 'attach' ? ['apply', '--attach'] : [verb];
  return `npm run ${script} -- ${[...options, '--host', ...hosts].join(' ')}`;
};

/** How often live lines are drawn, and how often lines say that a step takes long, in milliseconds. */
const FRAME = 200;
const PATIENCE = 30_000;

/**
 * Turns events of an apply into text: a line for each step that is done, and below them on a terminal a live line for each host
 * at work. Elsewhere, a line every 30 s says what takes long.
 */
export class TextReporter implements ApplyReporter {
  private readonly now: () => number;
  private readonly commandFor: CommandFor;
  private readonly course: Course;
  private readonly area: LiveArea | undefined;
  private readonly patience = new Patience();
  private readonly timer: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly output: Output,
    private readonly colors: Colors,
    { live = output.isTTY === true, now = () => performance.now(), commandFor = usualCommand }: TextSettings = {},
  ) {
    this.now = now;
    this.commandFor = commandFor;
    this.course = new Course(now);
    this.area = live ? new LiveArea(output) : undefined;
    this.timer = setInterval(() => this.tick(), live ? FRAME : 1000);
    this.timer.unref();
  }

  readonly listen: Listener = (event) => {
    if (this.closed) return;
    this.course.listen(event);
    this.print(eventLines(event, hostWidth(this.course), this.colors));
  };

  finish(): ExitCode {
    const hosts = this.course.hosts.map((host) => summaryOf(host, this.commandFor));
    const columns = this.output.isTTY ? columnsOfTerminal(this.output) : undefined;
    const closed = this.closed;
    const silent = closed || hosts.length < 2;
    this.close();
    if (!closed) this.output.write(liveText(hosts, this.commandFor, this.colors));
    if (!silent) this.output.write(`\n${outcomeTable(hosts, this.course.elapsed, columns, this.colors)}`);
    return worst(hosts.map(({ outcome }) => outcome));
  }

  interrupted(signal: EndingSignal): void {
    const { hosts } = this.course;
    this.close();
    this.output.write(interruptedText(interruptedEvent(signal, hosts, this.commandFor), hosts, this.colors));
  }

  refused(): boolean {
    return false;
  }

  close(): void {
    clearInterval(this.timer);
    if (!this.closed) this.area?.clear();
    this.closed = true;
  }

  private tick(): void {
    this.print(this.area ? [] : this.patience.lines(this.course, this.now(), this.colors));
  }

  private print(lines: readonly string[]): void {
    const { area, course, colors, output } = this;
    if (area) area.show(lines, progressLines(course, this.now(), fit(output), colors));
    else if (lines.length > 0) output.write(lines.map((line) => `${line}\n`).join(''));
  }
}

/** One column stays free, where a terminal would break the line; so does the row of the cursor. */
const fit = (output: Output) => ({ columns: columnsOfTerminal(output) - 1, rows: rowsOfTerminal(output) - 1 });

const hostWidth = ({ hosts }: Course) => Math.max(0, ...hosts.map(({ host }) => columnsOf(host)));

/** Says that a step goes on, where no live line shows it. */
class Patience {
  private readonly said = new Map<string, number>();

  lines(course: Course, now: number, colors: Colors): string[] {
    return course.active
      .filter((host) => this.isLong(host, now))
      .map((host) => waitLine(host, hostWidth(course), now, colors));
  }

  private isLong({ host, since }: HostCourse, now: number): boolean {
    const last = Math.max(since, this.said.get(host) ?? 0);
    if (now - last < PATIENCE) return false;
    this.said.set(host, now);
    return true;
  }
}

function waitLine(course: HostCourse, names: number, now: number, colors: Colors): string {
  const { host, stage, number, steps, title, since } = course;
  const what = stage === 'step' || stage === 'undoing' ? printable(title) : 'still at work';
  const count = number > 0 ? ` ${colors.dim(counter(number, steps))}` : '';
  return `${colors.bold(padded(host, names))}${count} ${colors.dim('…')} ${what} ${colors.dim(`${elapsedText(now - since)} so far`)}`;
}

/** What stays to be read of an event; nothing of types that are not known here. */
function eventLines(event: ApplyEvent, names: number, colors: Colors): string[] {
  if (event.type === 'start') return startLines(event, colors);
  const host = colors.bold(padded(event.host, names));
  switch (event.type) {
    case 'note':
      return [`${host} ${printable(event.text)}`];
    case 'done':
      return [`${host} ${stepText(event, colors.green('✓'), colors)} ${colors.dim(secondsText(event.milliseconds))}`];
    case 'failed':
      return [`${host} ${stepText(event, colors.red('✗'), colors)}`];
    case 'postponed':
      return [`${host} ${stepText(event, colors.yellow('!'), colors)} ${colors.yellow('postponed')}`];
    case 'output':
      return [`${host}     ${colors.dim('|')} ${printable(event.text)}`];
    case 'cause':
      return [`${host}     ${colors.yellow('likely cause:')} ${printable(event.text)}`];
    case 'undo':
      return [`${host} ${colors.yellow('↶')} put back: ${printable(event.title)}`];
    case 'attached':
      return [`${host} apply ${printable(event.transaction)}, ${event.steps} steps, from its beginning`];
    case 'confirm':
      return [`${host} the way in changed: coming in by a new connection, within ${event.seconds} s`];
    case 'recovering':
      return [`${host} ${colors.yellow('↶')} apply ${printable(event.transaction)} was cut off; the host ends it`];
    case 'end':
      return [endLine(event, colors)];
    default:
      return [];
  }
}

function startLines({ hosts, parallel, batch }: Extract<ApplyEvent, { type: 'start' }>, colors: Colors): string[] {
  const together = Math.min(parallel, batch ?? hosts.length, hosts.length);
  if (together === hosts.length) return [];
  const stops =
    batch === undefined || batch >= hosts.length ? '' : `, in batches of ${batch}; none begins after a failure`;
  const pace = together === 1 ? 'one at a time' : `${together} at a time`;
  return [colors.dim(`${hosts.length} hosts, ${pace}${stops}`)];
}

interface StepEvent {
  readonly number: number;
  readonly steps: number;
  readonly title: string;
}

const stepText = ({ number, steps, title }: StepEvent, mark: string, colors: Colors) =>
  `${colors.dim(counter(number, steps))} ${mark} ${printable(title)}`;

function endLine({ host, outcome, milliseconds, text }: Extract<ApplyEvent, { type: 'end' }>, colors: Colors): string {
  const word = outcomeColor(outcome, colors)(outcome);
  const time = milliseconds > 0 ? ` ${colors.dim(`in ${secondsText(milliseconds)}`)}` : '';
  return `${colors.bold(host)}: ${word}${time}${text ? `; ${printable(text)}` : ''}`;
}
