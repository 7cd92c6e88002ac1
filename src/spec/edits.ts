/** Fixes that a program can make by itself, as changes of a file's text. Each is undefined where the place is unusual. */
import { isMap, isPair, type Node, type Pair, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import type { TextEdit } from '../diagnostic.ts';
import type { Document, Entry, KeyPath } from './document.ts';

const inline = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0, singleQuote: true } as const;

/** A value as YAML on one line, such as `[a, b]`, which may stand inside of other values; quoted only where it must be. */
export const inlineYaml = (value: unknown): string => stringify([value], inline).trim().slice(1, -1);

/** The text of a file after an edit. */
export const edited = (text: string, { from, to, text: replacement }: TextEdit): string =>
  text.slice(0, from) + replacement + text.slice(to);

/** Gives an entry of a map another key. */
export function renameKey(document: Document, path: KeyPath, name: string): TextEdit | undefined {
  const range = (pairAt(document, path)?.key as Node | undefined)?.range;
  return range ? { from: range[0], to: range[1], text: inlineYaml(name) } : undefined;
}

/** Puts another value, given as YAML, in the place of one. */
export function replaceValue(document: Document, path: KeyPath, yaml: string): TextEdit | undefined {
  const range = document.node(path)?.range;
  if (!range) return undefined;
  const end = range[0] + document.file.text.slice(range[0], range[1]).trimEnd().length;
  return { from: range[0], to: end, text: yaml };
}

/** The value at a path as it is written in the file. */
export const sourceOf = (document: Document, path: KeyPath): string | undefined => {
  const range = document.node(path)?.range;
  return range ? document.file.text.slice(range[0], range[1]).trimEnd() : undefined;
};

/** Adds an entry to the map at a path, before its first one. */
export function insertEntry(document: Document, path: KeyPath, key: string, value: unknown): TextEdit | undefined {
  const map = document.node(path);
  if (!isMap(map) || !map.range) return undefined;
  const entry = `${key}: ${inlineYaml(value)}`;
  const first = startOf(map.items[0]);
  if (map.flow) return at(map.range[0] + 1, first === undefined ? entry : `${entry}, `);
  if (first === undefined) return undefined;
  const column = first - lineStart(document.file.text, first);
  return at(first, `${entry}\n${' '.repeat(column)}`);
}

const at = (offset: number, text: string): TextEdit => ({ from: offset, to: offset, text });

/** Deletes an entry of a map or a list. */
export const deleteAt = (document: Document, path: KeyPath): TextEdit | undefined => {
  const entry = document.entry(path);
  return entry && deleteEntry(document.file.text, entry);
};

/** Deletes an entry; the only one of a map leaves an empty map. */
export function deleteEntry(text: string, { parent, index }: Entry): TextEdit | undefined {
  const from = startOf(parent.items[index]);
  const to = endOf(text, parent.items[index]);
  if (from === undefined || to === undefined) return undefined;
  if (parent.items.length === 1) return alone(parent, to);
  const next = startOf(parent.items[index + 1]);
  if (parent.flow) {
    const before = endOf(text, parent.items[index - 1]);
    return next === undefined ? { from: before ?? from, to, text: '' } : { from, to: next, text: '' };
  }
  return blockEntry(text, { parent, index }, from, to, next);
}

function alone(parent: YAMLMap | YAMLSeq, to: number): TextEdit | undefined {
  const start = parent.range?.[0];
  const empty = isMap(parent) ? '{}' : '[]';
  return start === undefined
    ? undefined
    : { from: start, to: parent.flow ? (parent.range?.[1] ?? to) : to, text: empty };
}

/** A block entry goes with its lines; one that stands behind the dash of a list item leaves the dash to the next. */
function blockEntry(text: string, entry: Entry, from: number, to: number, next?: number): TextEdit | undefined {
  const line = lineStart(text, from);
  const before = text.slice(line, from);
  const ownLine = isMap(entry.parent) ? before.trim() === '' : /^\s*-\s*$/.test(before);
  if (!ownLine) return next === undefined ? undefined : { from, to: next, text: '' };
  const lineEnd = text.indexOf('\n', to);
  return { from: line, to: lineEnd < 0 ? text.length : lineEnd + 1, text: '' };
}

const pairAt = (document: Document, path: KeyPath): Pair | undefined => {
  const entry = document.entry(path);
  const item = entry?.parent.items[entry.index];
  return isPair(item) ? item : undefined;
};

const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1) + 1;

const startOf = (item: unknown): number | undefined =>
  ((isPair(item) ? item.key : item) as Node | null | undefined)?.range?.[0];

function endOf(text: string, item: unknown): number | undefined {
  const node = (isPair(item) ? (item.value ?? item.key) : item) as Node | null | undefined;
  const range = node?.range;
  return range ? range[0] + text.slice(range[0], range[1]).trimEnd().length : undefined;
}
