import type { Pace } from '../apply/fleet.ts';
import { DiagnosticsError, type ExitCode, failure } from '../diagnostic.ts';
import { type ApplyReporter, TextReporter } from '../report/apply.ts';
import { JsonReporter } from '../report/apply-json.ts';
import type { CommandFor } from '../report/outcomes.ts';
import { seconds } from '../spec/units.ts';
import { type CommonOptions, colorsOf, commandFor, type Terminal } from './context.ts';

/** Options that say how many hosts are worked on at a time, as they were typed. */
export interface FleetOptions extends CommonOptions {
  readonly parallel?: string;
  readonly batch?: string;
  readonly pause?: string;
}

/** Enough for most, and few enough for one machine and one bastion. */
const PARALLEL = 10;

/** @throws DiagnosticsError when a number is none. */
export function paceOf({ parallel, batch, pause }: FleetOptions): Pace {
  return {
    parallel: parallel === undefined ? PARALLEL : count('parallel', parallel),
    ...(batch === undefined ? {} : { batch: count('batch', batch) }),
    ...(pause === undefined ? {} : { pause: secondsOf(pause, batch) }),
  };
}

function secondsOf(typed: string, batch: string | undefined): number {
  const problem = (message: string, fix: string) => failure({ code: 'apply.pause', subject: '--pause', message, fix });
  if (batch === undefined)
    throw problem(
      '--pause is the time between batches, and there is only one',
      'say how many hosts a batch has: --batch 1',
    );
  if (/^[1-9]\d{0,3}(s|m)$/.test(typed)) return seconds(typed);
  throw problem(`--pause takes a time of at most 9999m, not ${typed}`, 'write it with a unit: --pause 30s');
}

function count(option: string, typed: string): number {
  if (/^[1-9]\d{0,3}$/.test(typed)) return Number(typed);
  throw failure({
    code: `apply.${option}`,
    subject: `--${option}`,
    message: `--${option} takes a number of hosts from 1 to 9999, not ${typed}`,
    fix: `write it as a number: --${option} 1`,
  });
}

function reporterFor(
  { json }: CommonOptions,
  { out, environment, ...terminal }: Terminal,
  typed: CommandFor,
): ApplyReporter {
  if (json) return new JsonReporter(out, typed);
  const live = out.isTTY === true && environment.TERM !== 'dumb';
  const colors = colorsOf({ out, environment, ...terminal });
  return new TextReporter(out, colors, { live, commandFor: typed });
}

/**
 * Does something that tells a reporter what happens, and has it say how all ended: after the last host, or when a signal ends the
 * command before. `stop` is aborted then: what has not begun must not begin any more.
 *
 * @param work calls `mean` once it knows what the options come to, as with a saved plan, which names its environment: from then on
 * the commands to type next are said with these.
 */
export async function reporting(
  options: CommonOptions,
  terminal: Terminal,
  work: (reporter: ApplyReporter, stop: AbortSignal, mean: (options: CommonOptions) => void) => Promise<void>,
): Promise<ExitCode> {
  let meant = options;
  const reporter = reporterFor(options, terminal, (verb, hosts) => commandFor(meant)(verb, hosts));
  const stopping = new AbortController();
  const stay = terminal.onInterrupt?.((signal) => {
    stopping.abort();
    reporter.interrupted(signal);
  });
  try {
    await work(reporter, stopping.signal, (known) => {
      meant = known;
    });
    return reporter.finish();
  } catch (error) {
    if (error instanceof DiagnosticsError && reporter.refused(error.diagnostics, error.exitCode)) return error.exitCode;
    throw error;
  } finally {
    reporter.close();
    stay?.();
  }
}
