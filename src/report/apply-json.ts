import { type ApplyEvent, type ClosingEvent, type Listener, worst } from '../apply/events.ts';
import { type Diagnostic, type EndingSignal, type ExitCode, signalExitCodes } from '../diagnostic.ts';
import type { ApplyReporter } from './apply.ts';
import { Course } from './course.ts';
import { interruptedEvent } from './interruption.ts';
import type { Output } from './live.ts';
import { type CommandFor, summaryOf } from './outcomes.ts';

/** Clocks: `date` for the stamp of each line, `now` in milliseconds for durations. */
export interface Clocks {
  readonly date: () => Date;
  readonly now: () => number;
}

const clocks: Clocks = { date: () => new Date(), now: () => performance.now() };

/** Writes each event as one line of JSON with its `time` (RFC 3339, UTC), and a summary or an error as the last line. */
export class JsonReporter implements ApplyReporter {
  private readonly course: Course;
  private closed = false;

  constructor(
    private readonly output: Output,
    private readonly commandFor: CommandFor,
    private readonly clocked: Clocks = clocks,
  ) {
    this.course = new Course(clocked.now);
  }

  readonly listen: Listener = (event) => {
    if (this.closed) return;
    this.course.listen(event);
    this.write(event);
  };

  finish(): ExitCode {
    const exitCode = worst(this.summaries().map(({ outcome }) => outcome));
    this.close(exitCode);
    return exitCode;
  }

  interrupted(signal: EndingSignal): void {
    this.write(interruptedEvent(signal, this.course.hosts, this.commandFor));
    this.close(signalExitCodes[signal]);
  }

  refused(diagnostics: readonly Diagnostic[], exitCode: ExitCode): boolean {
    if (!this.closed) this.write({ type: 'error', exitCode, diagnostics });
    this.closed = true;
    return true;
  }

  /** The last line; with no exit code to tell, there is none. */
  close(exitCode?: number): void {
    const milliseconds = Math.round(this.course.elapsed);
    if (!this.closed && exitCode !== undefined)
      this.write({ type: 'summary', exitCode, milliseconds, hosts: this.summaries() });
    this.closed = true;
  }

  private summaries() {
    return this.course.hosts.map((host) => summaryOf(host, this.commandFor));
  }

  private write(event: ApplyEvent | ClosingEvent): void {
    this.output.write(`${JSON.stringify({ time: this.clocked.date().toISOString(), ...event })}\n`);
  }
}
