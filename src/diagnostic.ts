/** A place in a text file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Something wrong, where it is, and what to do about it.
 *
 * `code` is stable and documented; `fix` is the next thing to type, in full. `frame` holds the lines around
 * the place, when there is a place in a file. `at` is absent for what concerns a host or the whole project;
 * then `subject` names it.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly at?: Position;
  /** The key of the file that it is about, as a path. */
  readonly key?: readonly (string | number)[];
  readonly subject?: string;
  readonly frame?: readonly string[];
  /** What `fix` says as a change of the file, where there is only one way to do it. */
  readonly edit?: TextEdit;
}

/** A change of a text: what lies between two offsets, counted in UTF-16 units from 0, gives way to `text`. */
export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Exit codes of the command line, as `--help` prints them. */
export const ExitCode = {
  done: 0,
  error: 1,
  changes: 2,
  rolledBack: 3,
  partial: 4,
  locked: 5,
  stale: 6,
  refused: 7,
  unreachable: 8,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Exit codes after a signal that ends the command: 128 and its number (signal(7)), as shells have them. */
export const signalExitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Exit code when whoever read the output is gone: 128 and the number of SIGPIPE, as of a program that the signal ends. */
export const PIPE_CLOSED = 141;

export type EndingSignal = keyof typeof signalExitCodes;

/** Thrown where work cannot go on. Carries all that is known to be wrong, never just the first. */
export class DiagnosticsError extends Error {
  constructor(
    readonly diagnostics: readonly Diagnostic[],
    readonly exitCode: ExitCode = ExitCode.error,
  ) {
    super(diagnostics.map((diagnostic) => `${diagnostic.code}: ${diagnostic.message}`).join('\n'));
    this.name = 'DiagnosticsError';
  }
}

/** Makes an error that stops the command: one problem, outside any file. */
export function failure(problem: Omit<Diagnostic, 'severity'>, exitCode: ExitCode = ExitCode.error): DiagnosticsError {
  return new DiagnosticsError([{ severity: 'error', ...problem }], exitCode);
}

/** Throws when any diagnostic is an error; warnings pass. */
export function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) throw new DiagnosticsError(diagnostics);
}

/** Throws when there is any diagnostic at all: with `--strict`, warnings are errors. */
export function refuseWarnings(diagnostics: readonly Diagnostic[]): void {
  refuseErrors(strictly(diagnostics));
}

/** Warnings as the errors that `--strict` makes of them. */
export const strictly = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.map((diagnostic) => ({ ...diagnostic, severity: 'error' }));

/**
 * The lines around a place, with the place underlined: two lines before it and one after.
 * Long lines are cut so that a frame never floods a terminal.
 */
export function codeFrame(text: string, line: number, column: number, length = 1): string[] {
  const lines = text.split('\n');
  const first = Math.max(1, line - 2);
  const last = Math.min(lines.length, line + 1);
  const width = String(last).length;
  const frame: string[] = [];
  for (let number = first; number <= last; number += 1) {
    const content = printable(lines[number - 1] ?? '').slice(0, 160);
    frame.push(`${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${content}`);
    if (number !== line) continue;
    const marks = Math.max(1, Math.min(length, content.length - column + 1));
    frame.push(`  ${' '.repeat(width)} | ${' '.repeat(Math.min(column - 1, 160))}${'^'.repeat(marks)}`);
  }
  return frame;
}

/** Shows control characters as visible symbols, so that a file cannot write escape sequences to the terminal. */
export function printable(text: string): string {
  return text.replaceAll('\t', '→').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '·');
}
