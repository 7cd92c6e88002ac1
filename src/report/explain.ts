import type { CompiledLine } from '../compile/explain.ts';
import { type Position, printable } from '../diagnostic.ts';
import type { Colors } from './colors.ts';
import { plural } from './diagnostics.ts';

/** A key behind a line: where it stands in deploy.yaml, or the default that stands in for it. */
export interface Originated {
  readonly key: string;
  readonly description: string;
  readonly at?: Position;
  readonly default?: unknown;
}

type Explained = CompiledLine & { readonly origins: readonly Originated[] };

/** Compiled lines with their causes; for a single line also what the key means. */
export function explanationText(lines: readonly Explained[], single: boolean, colors: Colors): string {
  const text = lines.flatMap((line) => [
    `${colors.dim(`${line.path}:${line.line}`)}  ${printable(line.text)}`,
    ...line.origins.map((origin) => `    ${colors.green('←')} ${originText(origin, single, colors)}`),
    ...(single && line.origins.length === 0
      ? ['    the template writes this line for every project; no key changes it']
      : []),
  ]);
  return `${text.join('\n')}\n`;
}

function originText({ key, at, description, default: fallback }: Originated, single: boolean, colors: Colors): string {
  const where = at
    ? `${at.file}:${at.line} ${key}`
    : `the default of ${key}: ${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}`;
  return single && description ? `${colors.cyan(where)}\n      ${description}` : colors.cyan(where);
}

interface HostEffects {
  readonly host: string;
  readonly resources: readonly string[];
  readonly lines: readonly CompiledLine[];
}

/** What follows from a key on each host. */
export function keyText(key: string, hosts: readonly HostEffects[], colors: Colors): string {
  const text = hosts.flatMap(({ host, resources, lines }) => [
    `${colors.bold(host)}: ${colors.cyan(key)} causes ${plural(resources.length, 'resource')} and ${plural(lines.length, 'line')}`,
    ...resources.map((id) => `    ${id.replace(':', ' ')}`),
    ...lines.map((line) => `    ${colors.dim(`${line.path}:${line.line}`)}  ${printable(line.text.trim())}`),
  ]);
  return `${text.join('\n')}\n`;
}
