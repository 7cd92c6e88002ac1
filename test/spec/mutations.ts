/** Valid files with one mistake each, as people make them, and the line on which each must be reported. */
import { isMap, isPair, isScalar, LineCounter, type Node, type Pair, parseDocument, visit, type YAMLMap } from 'yaml';
import type { KeyPath } from '../../src/spec/document.ts';
import { deleteEntry } from '../../src/spec/edits.ts';
import { type Schema, schemaAt } from '../../src/spec/schema.ts';

/** A file with a mistake. */
export interface Mutation {
  readonly text: string;
  /** Where the mistake is, from 1. */
  readonly line: number;
}

/** An entry of a map in a file, with the schema of the map and of its value. */
interface Spot {
  readonly map: YAMLMap;
  readonly index: number;
  readonly path: KeyPath;
  readonly key: string;
  readonly schema: Schema;
  readonly within: Schema;
  /** Offsets of the key, and of the value without the white space behind it. */
  readonly keyStart: number;
  readonly from: number;
  readonly to: number;
}

/** Chooses among what there is; the same numbers choose the same. */
export interface Choice {
  readonly place: number;
  readonly variant: number;
}

const chosen = <Item>(items: readonly Item[], number: number): Item | undefined => items[number % items.length];

/** Every entry of the maps of a file that the schema knows, in its order. */
export function spotsOf(root: Schema, text: string): Spot[] {
  const spots: Spot[] = [];
  visit(parseDocument(text), {
    Pair(_key, pair, ancestors) {
      const map = ancestors.at(-1);
      const path = pathOf([...ancestors, pair] as (Node | Pair)[]);
      const spot = isMap(map) ? spotAt(root, text, map, pair, path) : undefined;
      if (spot) spots.push(spot);
    },
  });
  return spots;
}

function pathOf(ancestors: readonly (Node | Pair)[]): (string | number)[] {
  return ancestors.flatMap((node, depth): (string | number)[] => {
    const parent = ancestors[depth - 1];
    if (isPair(node)) return [String((node.key as { value?: unknown } | null)?.value)];
    return parent && 'items' in parent && !isMap(parent) ? [parent.items.indexOf(node as never)] : [];
  });
}

function spotAt(root: Schema, text: string, map: YAMLMap, pair: Pair, path: KeyPath): Spot | undefined {
  const schema = schemaAt(root, path);
  const within = schemaAt(root, path.slice(0, -1));
  const keyStart = (pair.key as Node | null)?.range?.[0];
  const range = (pair.value as Node | null)?.range;
  if (!schema || !within || keyStart === undefined || !range || path[0] === 'environments') return undefined;
  const to = range[0] + text.slice(range[0], range[1]).trimEnd().length;
  if (to <= range[0]) return undefined;
  const index = map.items.indexOf(pair);
  return { map, index, path, key: String(path.at(-1)), schema, within, keyStart, from: range[0], to };
}

const lineOf = (text: string, offset: number) => text.slice(0, offset).split('\n').length;

const replaced = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to);

const isBlock = ({ map, keyStart }: Spot, text: string) => !map.flow && /^\s*(- *)?$/.test(indentOf(text, keyStart));

const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1) + 1;

/** What stands before a key on its line. */
const indentOf = (text: string, keyStart: number) => text.slice(lineStart(text, keyStart), keyStart);

type Mutate = (text: string, spots: readonly Spot[], choice: Choice) => Mutation | undefined;

/** Makes a mutation of one of the spots that fit. */
const at =
  (
    fits: (spot: Spot, text: string) => boolean,
    mutate: (text: string, spot: Spot, variant: number) => Mutation | undefined,
  ): Mutate =>
  (text, spots, { place, variant }) => {
    const spot = chosen(
      spots.filter((one) => fits(one, text)),
      place,
    );
    return spot && mutate(text, spot, variant);
  };

/** Puts other YAML in the place of a value. */
const valued = (text: string, { from, to, keyStart }: Spot, yaml: string): Mutation => {
  const block = text.slice(keyStart, from).includes('\n');
  const start = block ? text.indexOf(':', keyStart) + 1 : from;
  return { text: replaced(text, start, to, block ? ` ${yaml}` : yaml), line: lineOf(text, keyStart) };
};

const isOneLine = (text: string, { from, to }: Spot) => !text.slice(from, to).includes('\n');

/** Ways to misspell a word; some lead to the same word. */
function typos(word: string): string[] {
  const middle = Math.floor(word.length / 2);
  const [left, right] = [word.slice(0, middle), word.slice(middle)];
  const swapped = `${left.slice(0, -1)}${right.charAt(0)}${left.slice(-1)}${right.slice(1)}`;
  const snake = word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [left + right.slice(1), `${left}${left.slice(-1)}${right}`, swapped, word.toUpperCase(), `${word}s`, snake];
}

/** Values of every type, as YAML. */
const otherTypes: Readonly<Record<string, readonly string[]>> = {
  integer: ['"3"', 'many', '[3]', '1.5'],
  boolean: ['"true"', 'yes please', '1'],
  string: ['[a, b]', '{ a: 1 }', '12', 'true'],
  array: ['one', '5', '{ a: 1 }'],
  object: ['one', '5', '[a]', 'true'],
};

/** The same value as it is mistakenly written, by the type that it should have. */
const unquoted: Readonly<Record<string, (source: string) => string | undefined>> = {
  integer: (source) => (/^\d+$/.test(source) ? `"${source}"` : undefined),
  boolean: (source) => `"${source}"`,
  string: (source) => source.match(/^["'](\d+|true|false)["']$/)?.[1],
  array: (source) => source.match(/^\[ *([a-zA-Z][\w./-]*) *\]$/)?.[1],
};

/** The kinds of mistakes. */
export const mutations: Readonly<Record<string, Mutate>> = {
  'a required key is deleted': at(
    ({ within, key }) => within.required?.includes(key) ?? false,
    (text, spot) => {
      const edit = deleteEntry(text, { parent: spot.map, index: spot.index });
      const after = edit && replaced(text, edit.from, edit.to, edit.text);
      return after === undefined ? undefined : { text: after, line: lineOfMap(after, spot.path.slice(0, -1)) };
    },
  ),
  'a value has another type': at(
    ({ schema }) => typeof schema.type === 'string' && schema.type in otherTypes,
    (text, spot, variant) => valued(text, spot, chosen(otherTypes[String(spot.schema.type)] ?? [], variant) ?? ''),
  ),
  'a value stands without the brackets or quotes that it needs': at(
    ({ schema }) => typeof schema.type === 'string' && schema.type in unquoted,
    (text, spot) => {
      const yaml = unquoted[String(spot.schema.type)]?.(text.slice(spot.from, spot.to));
      return yaml === undefined ? undefined : valued(text, spot, yaml);
    },
  ),
  'a value is left empty': at(
    (spot, text) => isOneLine(text, spot),
    (text, spot) => ({
      text: replaced(text, spot.from, spot.to, spot.map.flow ? 'null' : ''),
      line: lineOf(text, spot.keyStart),
    }),
  ),
  'a key is misspelt': at(
    ({ within, key }) => Object.hasOwn(within.properties ?? {}, key),
    (text, spot, variant) => {
      const known = Object.keys(spot.within.properties ?? {});
      const typo = chosen(
        typos(spot.key).filter((one) => !known.includes(one)),
        variant,
      );
      const end = spot.keyStart + spot.key.length;
      return typo && text.slice(spot.keyStart, end) === spot.key
        ? { text: replaced(text, spot.keyStart, end, typo), line: lineOf(text, spot.keyStart) }
        : undefined;
    },
  ),
  'a key stands twice': at(isBlock, (text, { keyStart, to }) => {
    const indent = indentOf(text, keyStart).replaceAll('-', ' ');
    const copy = `\n${indent}${text.slice(keyStart, to)}`;
    return { text: replaced(text, to, to, copy), line: lineOf(text, to) + 1 };
  }),
  'a number is out of range': at(
    ({ schema: { minimum, maximum, type } }) => type === 'integer' && minimum !== undefined && maximum !== undefined,
    (text, spot, variant) => {
      const { minimum = 0, maximum = 0 } = spot.schema;
      return valued(text, spot, String(variant % 2 ? minimum - 1 : maximum + 1));
    },
  ),
  'a word is none of those allowed': at(
    ({ schema: { enum: allowed } }) => typeof allowed?.[0] === 'string',
    (text, spot, variant) => {
      const words = spot.schema.enum as readonly string[];
      const word = text.slice(spot.from, spot.to).replaceAll(/["']/g, '');
      const wrong = [...typos(word), 'nonsense'].filter((one) => !words.includes(one));
      return valued(text, spot, chosen(wrong, variant) ?? '');
    },
  ),
  'a line is indented too deep': at(
    (spot, text) => isBlock(spot, text) && spot.index > 0,
    (text, { keyStart }) => ({ text: replaced(text, keyStart, keyStart, ' '), line: lineOf(text, keyStart) }),
  ),
  'a line is indented too little': at(
    (spot, text) => isBlock(spot, text) && spot.index > 0 && indentOf(text, spot.keyStart).length > 0,
    (text, { keyStart }) => ({ text: replaced(text, keyStart - 1, keyStart, ''), line: lineOf(text, keyStart) }),
  ),
  'a tab indents a line': at(
    (spot, text) => isBlock(spot, text) && /^ +$/.test(indentOf(text, spot.keyStart)),
    (text, { keyStart }) => ({
      text: replaced(text, lineStart(text, keyStart), keyStart, '\t'),
      line: lineOf(text, keyStart),
    }),
  ),
  'a quote is not closed': at(
    (spot, text) => isOneLine(text, spot) && /^(["']).*\1$/.test(text.slice(spot.from, spot.to)),
    (text, { from, to }) => ({ text: replaced(text, to - 1, to, ''), line: lineOf(text, from) }),
  ),
  'an alias names nothing': at(
    (spot, text) => isOneLine(text, spot),
    (text, spot) => valued(text, spot, '*nothing'),
  ),
  'a secret is not declared': at(
    ({ schema }) => schema['x-secret'] === true,
    (text, spot) => valued(text, spot, 'DECLARED_NOWHERE'),
  ),
};

/** The line of a map's own key, or of what it begins with where it has none. */
function lineOfMap(text: string, path: KeyPath): number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const parent = path.length > 0 ? document.getIn(path.slice(0, -1), true) : undefined;
  const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
  const node = pair ? pair.key : path.length > 0 ? document.getIn(path, true) : document.contents;
  return lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
}
