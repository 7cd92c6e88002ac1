/**
 * Readers of the languages that are compiled: each gives the tokens that a file consists of, data with its escapes taken back. They are
 * written from the manuals of the languages and know nothing of the writers in src/compile.
 */
import { parse } from 'yaml';
import { readEnvironmentFile } from '../validators/environment-file.ts';

/** The tokens of a text, in their order. @throws Error where the language would not take the text. */
export type Reader = (text: string) => string[];

/** Nginx: ngx_conf_read_token in ngx_conf_file.c. The variable that stands for a dollar sign is one. */
const nginxTokens: Reader = (text) => {
  const token =
    /\s+|#[^\n]*|([{};])|"((?:[^"\\]|\\[\s\S])*)"(?=[\s;{)])|'((?:[^'\\]|\\[\s\S])*)'(?=[\s;{)])|((?:[^\s;{}"'\\#]|\\[\s\S]|(?<=[^\s;{}])[#"'}])(?:[^\s;{\\]|\$\{|\\[\s\S])*)/gy;
  return tokensBy(token, text, ([, sign, double, single, bare]) => {
    if (sign !== undefined) return [sign];
    const data = double ?? single ?? bare;
    return data === undefined ? [] : [data.replaceAll(/\\(["'\\])/g, '$1').replaceAll(/\$\{fairlead_dollar\}/g, '$')];
  });
};

/** The realm is put into a quoted-string of HTTP as it stands (RFC 9110, section 5.6.4). */
const nginx: Reader = (text) =>
  nginxTokens(text).map((token, index, tokens) =>
    tokens[index - 1] === 'auth_basic' ? token.replaceAll(/\\(.)/g, '$1') : token,
  );

function tokensBy(pattern: RegExp, text: string, take: (found: RegExpMatchArray) => string[]): string[] {
  const tokens: string[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    end = (found.index ?? 0) + found[0].length;
    tokens.push(...take(found));
  }
  if (end !== text.length) throw new Error(`no token of the language at: ${text.slice(end, end + 80)}`);
  return tokens;
}

/** A word of a command line in a unit: quotes, escapes of C, `%%` and `$$` (systemd.service(5), "Command lines"). */
const systemdWords: Reader = (line) =>
  tokensBy(/\s+|((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'\\]|\\.)+)/gy, line, ([, word]) =>
    word === undefined ? [] : [unquoted(word).replaceAll('%%', '%').replaceAll('$$', '$')],
  );

const unquoted = (word: string) =>
  word.replaceAll(
    /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(.)/g,
    (_found, double?: string, single?: string, escaped?: string) =>
      escaped ?? (double ?? single ?? '').replaceAll(/\\(.)/g, '$1'),
  );

/** systemd.syntax(7): sections, and keys with their values; specifiers as in systemd.unit(5). */
const systemd: Reader = (text) =>
  text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^[#;]/.test(line))
    .flatMap((line) => {
      const [, section, key, value = ''] = line.match(/^(?:(\[[A-Za-z-]+\])|([A-Za-z0-9]+)=(.*))$/) ?? [];
      if (section === undefined && key === undefined) throw new Error(`no line of a unit: ${line}`);
      if (section !== undefined) return [section];
      const words = /^(Exec|Environment$)/.test(key ?? '') ? systemdWords(value) : [value.replaceAll('%%', '%')];
      return [`${key}=`, ...words];
    });

const environment: Reader = (text) => [...readEnvironmentFile(text)].flat();

/** PostgreSQL manual, "Parameter Interaction via the Configuration File"; lines of redis.conf and of INI files in the same way. */
const settings: Reader = (text) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*[#;]/.test(line))
    .flatMap((line) => {
      const [, name = '', quoted, plain] =
        line.match(/^([^\s=]+)\s*=?\s*(?:'((?:[^'\\]|''|\\.)*)'\s*(?:#.*)?|(.*))$/) ?? [];
      if (name === '') throw new Error(`no setting: ${line}`);
      return [name, quoted?.replaceAll("''", "'").replaceAll(/\\(.)/g, '$1') ?? plain ?? ''];
    });

const yaml: Reader = (text) => leaves(parse(text, { version: '1.1' }));

/** Docker Compose takes `$$` as a dollar sign (Compose Specification, "Interpolation"). */
const compose: Reader = (text) => yaml(text).map((token) => token.replaceAll('$$', '$'));

const leaves = (value: unknown): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [key, ...leaves(inner)])
    : [String(value)];

/** Instructions of a Dockerfile; lists of words in JSON, other arguments as they are. */
const dockerfile: Reader = (text) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const [, head = '', list] = line.match(/^(.*?) (\[".*"\])$/) ?? [];
      return list === undefined ? line.split(/ (.*)/).slice(0, 2) : [head, ...(JSON.parse(list) as string[])];
    });

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** Tags, and the text between them. */
const html: Reader = (text) =>
  text
    .split(/(<[^>]*>)/)
    .map((part) =>
      part.replaceAll(/&(?:#(\d+)|(amp|lt|gt|quot));/g, (_found, code?: string, name = '') =>
        code === undefined ? (entities[name] ?? '') : String.fromCodePoint(Number(code)),
      ),
    );

const lines: Reader = (text) => text.split('\n');

/** Readers by path, as in the judges: the first that fits. */
const byPath: readonly (readonly [RegExp, Reader])[] = [
  [/^\/etc\/nginx\//, nginx],
  [/^\/etc\/systemd\//, systemd],
  [/\.env$/, environment],
  [/^\/etc\/postgresql\/.*\/conf\.d\//, settings],
  [/(^|\/)compose[^/]*\.yaml$/, compose],
  [/\.ya?ml$/, yaml],
  [/\/Dockerfile$/, dockerfile],
  [/\.html$/, html],
  [/drill-checks\.sql$/, lines],
];

/** The reader of a compiled file, where there is one. */
export const readerOf = (path: string): Reader | undefined => byPath.find(([pattern]) => pattern.test(path))?.[1];
