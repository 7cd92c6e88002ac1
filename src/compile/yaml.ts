import { Document, Pair, Scalar, type ScalarTag, YAMLMap, YAMLSeq } from 'yaml';
import { stringifyString } from 'yaml/util';
import { escapeFor, type Grammar } from './escape.ts';
import type { Rendered } from './render.ts';
import { isTraced, type Traced } from './trace.ts';

/** A value with a comment behind it on its line. */
interface Noted {
  readonly noted: Traced | string;
  readonly comment: string;
}

/** A map or list whose lines all follow from one key, beside what their values follow from. */
interface Caused {
  readonly causedBy: string;
  readonly entries: YamlCollection;
}

type YamlCollection = readonly YamlValue[] | { readonly [key: string]: YamlValue };

/** What a YAML file may hold: plain values are the compiler's own, traced ones come from deploy.yaml. */
export type YamlValue = Traced | Noted | Caused | string | number | boolean | null | undefined | YamlCollection;

/** `value` with a comment behind it. */
export const noted = (value: Traced | string, comment: string): Noted => ({ noted: value, comment });

/** `entries` as the value of a map's key; that line and all below it follow from `key`. */
export const caused = (key: string, entries: YamlCollection): Caused => ({ causedBy: key, entries });

const isNoted = (value: object): value is Noted => 'noted' in value && 'comment' in value;
const isCaused = (value: object): value is Caused => 'causedBy' in value && 'entries' in value;

// Private-use characters around a key, inside a comment that is taken out again. A line of a value's own, or of a scope.
const OPEN = '\u{F0000}';
const CLOSE = '\u{F0001}';
const SCOPE = '\u{F0002}';

/**
 * Writes a YAML file that readers of YAML 1.1 and 1.2 take the same way. Text from deploy.yaml stands in double quotes with
 * JSON's escapes unless it is a plain word, so no value can leave its place. Entries that are undefined are left out.
 *
 * @param header comment lines, without `# `.
 * @param grammar how the reader of the file reads text of traced values; as it is when left out.
 * @throws UnwritableValue when `grammar` cannot take a value.
 * @throws Error when a value holds a character that is reserved for tracing.
 */
export function yamlFile(header: readonly string[], value: YamlValue, grammar?: Grammar): Rendered {
  const document = new Document(undefined, {
    version: '1.1',
    aliasDuplicateObjects: false,
    // A text "<<" would be taken for a merge key and written bare; these files have none.
    customTags: (tags) => [exactText, ...tags.filter((tag) => typeof tag === 'string' || !tag.tag.endsWith(':merge'))],
  });
  document.contents = nodeOf(value, grammar) as never;
  const body = document.toString({ lineWidth: 0, directives: false });
  return unmarked([...header.map((line) => `# ${line}`.trimEnd()), ...body.split('\n')]);
}

/** Text that came from deploy.yaml is marked by its style; everything else is written as the library does it. */
const exactText: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => typeof value === 'string',
  resolve: (text: string) => text,
  stringify: (item, context, onComment, onChompKeep) =>
    item.type === Scalar.QUOTE_DOUBLE
      ? inQuotes(String(item.value))
      : stringifyString(item as never, { ...context, actualString: true }, onComment, onChompKeep),
};

/** JSON is YAML, but for characters that readers of YAML refuse or take as line breaks (YAML 1.1, 5.1 and 5.4). */
const inQuotes = (text: string) =>
  JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Words that no reader takes for anything but text. */
const isPlain = (text: string) =>
  /^[A-Za-z/][A-Za-z0-9_./@+-]*(:[A-Za-z0-9_./@+-]+)*$/.test(text) &&
  !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);

function nodeOf(value: YamlValue, grammar: Grammar | undefined): unknown {
  if (typeof value !== 'object' || value === null) return new Scalar(value);
  if (isTraced(value)) return tracedScalar(value, grammar);
  if (isNoted(value)) {
    const node = nodeOf(value.noted, grammar) as Scalar;
    node.comment = `${node.comment ?? ''} ${value.comment}`;
    return node;
  }
  if (isCaused(value)) {
    const node = nodeOf(value.entries, grammar) as YAMLMap | YAMLSeq;
    node.commentBefore = `${SCOPE}${value.causedBy}${CLOSE}`;
    return node;
  }
  return collection(value, grammar);
}

function tracedScalar({ key, value, as }: Traced, grammar: Grammar | undefined): Scalar {
  const written = as ?? grammar;
  const content = typeof value === 'string' && written ? escapeFor(value, written) : value;
  const node = new Scalar(content);
  node.comment = `${OPEN}${key}${CLOSE}`;
  if (typeof content !== 'string') return node;
  if (/[\u{F0000}-\u{F0002}]/u.test(content)) throw new Error(`${key} holds a character that is reserved for tracing`);
  node.type = isPlain(content) ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE;
  return node;
}

function collection(value: YamlCollection, grammar: Grammar | undefined): YAMLMap | YAMLSeq {
  const node = Array.isArray(value) ? new YAMLSeq() : new YAMLMap();
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  node.items = Array.isArray(value)
    ? entries.map(([, one]) => nodeOf(one, grammar))
    : (entries.map(([key, one]) => new Pair(new Scalar(key), nodeOf(one, grammar))) as never);
  if (entries.length === 0) node.flow = true;
  return node;
}

const indentOf = (line: string) => line.search(/[^ ]|$/);

/** Takes the marks out of the lines and says which keys each line carried. A scope ends where its indentation does. */
function unmarked(marked: readonly string[]): Rendered {
  const text: string[] = [];
  const lines: string[][] = [];
  let scopes: { key: string; indent: number }[] = [];
  for (const line of marked) {
    const scope = line.match(/^ *#\u{F0002}([^\u{F0001}]*)\u{F0001}$/u)?.[1];
    if (scope !== undefined) {
      scopes.push({ key: scope, indent: indentOf(text.at(-1) ?? '') });
      lines.at(-1)?.push(scope);
      continue;
    }
    const [, before = line, key, comment = ''] = line.match(/^(.*?)\s*#\u{F0000}([^\u{F0001}]*)\u{F0001}(.*)$/u) ?? [];
    if (line.trim() !== '') scopes = scopes.filter(({ indent }) => indentOf(line) > indent);
    text.push(key !== undefined && comment !== '' ? `${before} #${comment}` : before);
    lines.push([...new Set([...scopes.map((one) => one.key), ...(key === undefined ? [] : [key])])]);
  }
  return { text: text.join('\n'), lines: lines.map((keys) => [...new Set(keys)]) };
}
