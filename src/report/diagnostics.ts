import type { Diagnostic } from '../diagnostic.ts';
import { printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';

/** A diagnostic for people: where, what, the lines around it, and what to type. */
export function diagnosticText(
  { severity, code, message, fix, at, subject, frame }: Diagnostic,
  colors: Colors,
): string {
  const place = printable(at ? `${at.file}:${at.line}:${at.column}` : (subject ?? ''));
  const word = severity === 'error' ? colors.red('error') : colors.yellow('warning');
  const lines = [
    `${colors.bold(place)}${place ? ' ' : ''}${word}: ${message.split('\n').map(printable).join('\n')} ${colors.dim(`(${code})`)}`,
  ];
  for (const line of frame ?? [])
    lines.push(line.startsWith('>') ? `  ${colors.red('>')}${line.slice(1)}` : `  ${colors.dim(line)}`);
  lines.push(`  ${colors.green('fix:')} ${printable(fix)}`);
  return lines.join('\n');
}

/** All diagnostics, and how many there are. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], colors: Colors): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const counts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''].filter(
    Boolean,
  );
  return `${diagnostics.map((diagnostic) => diagnosticText(diagnostic, colors)).join('\n\n')}\n\n${counts.join(', ')}\n`;
}

/** `1 error`, `2 errors`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
