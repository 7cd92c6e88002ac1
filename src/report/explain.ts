import type { CompiledLine } from '../compile/explain.ts';
import { printable } from '../diagnostic.ts';
import type { Origin, OriginatedValue } from '../spec/origins.ts';
import type { Colors } from './colors.ts';
import { originText } from './defaults.ts';
import { plural } from './diagnostics.ts';

/** A key behind a line, what it means, and where its value comes from. */
export interface Originated {
  readonly key: string;
  readonly description: string;
  readonly origin: Origin;
  /** The value that stands in where the file is silent. */
  readonly default?: unknown;
}

type Explained = CompiledLine & { readonly origins: readonly Originated[] };

/** Compiled lines with their causes; for a single line also what the key means. */
export function explanationText(lines: readonly Explained[], single: boolean, colors: Colors): string {
  const text = lines.flatMap((line) => [
    `${colors.dim(`${line.path}:${line.line}`)}  ${printable(line.text)}`,
    ...line.origins.map((origin) => `    ${colors.green('←')} ${causeText(origin, single, colors)}`),
    ...(single && line.origins.length === 0
      ? ['    the template writes this line for every project; no key changes it']
      : []),
  ]);
  return `${text.join('\n')}\n`;
}

function causeText(
  { key, origin, description, default: fallback }: Originated,
  single: boolean,
  colors: Colors,
): string {
  const where =
    origin.kind === 'file'
      ? `${originText(origin)} ${key}`
      : `the default of ${key}: ${shown(fallback)}${reasonOf(origin)}`;
  return single && description ? `${colors.cyan(where)}\n      ${description}` : colors.cyan(where);
}

const reasonOf = (origin: Origin) =>
  origin.kind === 'default' && origin.because !== undefined ? `, because ${origin.because}` : '';

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

interface HostEffects {
  readonly host: string;
  readonly resources: readonly string[];
  readonly lines: readonly CompiledLine[];
}

/** Where the values at and below a key come from, and what follows from it on each host. */
export function keyText(
  key: string,
  values: readonly OriginatedValue[],
  hosts: readonly HostEffects[],
  colors: Colors,
): string {
  const set = values.map(
    ({ path, value, origin }) =>
      `${colors.cyan(path.join('.'))}: ${printable(shown(value))}  ${colors.dim(originText(origin))}`,
  );
  const text = hosts.flatMap(({ host, resources, lines }) => [
    `${colors.bold(host)}: ${colors.cyan(key)} causes ${plural(resources.length, 'resource')} and ${plural(lines.length, 'line')}`,
    ...resources.map((id) => `    ${id.replace(':', ' ')}`),
    ...lines.map((line) => `    ${colors.dim(`${line.path}:${line.line}`)}  ${printable(line.text.trim())}`),
  ]);
  return `${[...set, ...text].join('\n')}\n`;
}
