/** A Compose file as it was written by somebody else: maps and lists of anything, each with its place. */
import type { Diagnostic } from '../diagnostic.ts';
import type { Document, KeyPath } from '../spec/document.ts';

export type ComposeMap = Readonly<Record<string, unknown>>;

/** One service with the place of its keys. */
export interface ComposeService {
  readonly name: string;
  readonly path: KeyPath;
  readonly keys: ComposeMap;
}

/** Notes something that was not carried over, at its place, with what to do about it. */
export type Lose = (path: KeyPath, message: string, fix: string) => void;

/** A list that losses are added to. */
export function losing(document: Document): { losses: Diagnostic[]; lose: Lose } {
  const losses: Diagnostic[] = [];
  const lose: Lose = (path, message, fix) => {
    losses.push(document.problem(path, 'key', { severity: 'warning', code: 'import.lost', message, fix }));
  };
  return { losses, lose };
}

export const isMap = (value: unknown): value is ComposeMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A map with what `<<` merges into it (yaml.org/type/merge.html), at every depth; its own entries win. */
export function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (!isMap(value)) return value;
  const { '<<': base, ...own } = value;
  const bases = [base ?? []].flat().map(merged).filter(isMap).reverse();
  return Object.assign({}, ...bases, Object.fromEntries(Object.entries(own).map(([key, one]) => [key, merged(one)])));
}

/** The services of a file, in its order. */
export const servicesOf = (file: ComposeMap): ComposeService[] =>
  Object.entries(isMap(file.services) ? file.services : {}).map(([name, keys]) => ({
    name,
    path: ['services', name],
    keys: isMap(keys) ? keys : {},
  }));

/** A text, or what stands for one; undefined for maps, lists and nothing. */
export const textOf = (value: unknown): string | undefined =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;

/** The entries of a list, or the one that stands in its place. */
export const listOf = (value: unknown): unknown[] => (value === undefined || value === null ? [] : [value].flat());

/** `NAME: value` or `- NAME=value` as pairs, with the place of each. No value means that the shell has it. */
export function pairsOf(value: unknown, path: KeyPath): { name: string; value: string | undefined; path: KeyPath }[] {
  if (isMap(value))
    return Object.entries(value).map(([name, one]) => ({ name, value: textOf(one), path: [...path, name] }));
  return listOf(value).map((one, index) => {
    const [, name = '', assigned] = String(one).match(/^([^=]*)(?:=([\s\S]*))?$/) ?? [];
    return { name, value: assigned, path: [...path, index] };
  });
}

/** A text of a Compose file with its dollars as they are meant; undefined when it has variables without a default. */
export function interpolated(text: string): string | undefined {
  let known = true;
  const result = text.replaceAll(/\$(?:\$|\{\w+(?::?-([^}]*))?[^}]*\}|\w+)/g, (found, fallback?: string) => {
    if (found === '$$') return '$';
    if (fallback === undefined) known = false;
    return fallback ?? '';
  });
  return known ? result : undefined;
}
