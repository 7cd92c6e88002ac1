import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { columns, type Row } from './rows.ts';

/** A table in Markdown, padded so that it reads well as plain text. */
export function tableText(rows: readonly Row[]): string {
  const widths = columns.map((_, column) => Math.max(...[columns, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: Row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
}

/** What the numbers were taken with: without it they say nothing. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim() || 'unknown CPU';
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} cores (${model}), ${gibibytes} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    `${versionOf('ssh', ['-V']).split(',')[0]}`,
    versionOf('ansible-playbook', ['--version']).split('\n')[0],
  ]
    .filter(Boolean)
    .join('; ');
}

/** What a program says when it is asked for its version; nothing where it is not installed. */
function versionOf(command: string, args: readonly string[]): string {
  try {
    // ssh says it on stderr.
    return execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', command, ...args], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** The rows of a table in Markdown, without its heading. */
export const rowsIn = (table: string): Row[] =>
  table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim()),
    );

/** Rows in the place of those that say the same of an earlier run; others come last. */
export function mergedRows(before: readonly Row[], now: readonly Row[]): Row[] {
  const named = new Map(now.map((row) => [row[0], row]));
  const replaced = before.map((row) => named.get(row[0]) ?? row);
  const known = new Set(before.map(([what]) => what));
  return [...replaced, ...now.filter(([what]) => !known.has(what))];
}
