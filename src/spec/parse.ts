import {
  isCollection,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type Document as YamlDocument,
} from 'yaml';
import { codeFrame, type Diagnostic, DiagnosticsError, type TextEdit } from '../diagnostic.ts';
import { Document, type SourceFile } from './document.ts';
import { deleteEntry } from './edits.ts';

/** Largest file that is read, in bytes of UTF-8. The largest real file seen has a few kilobytes. */
export const MAX_BYTES = 1024 * 1024;

/** How many values the aliases of one file may expand to, so that a small file cannot fill the memory. */
const MAX_ALIASES = 100;

const parsedBefore = new WeakMap<SourceFile, Document>();

/**
 * Parses YAML 1.2 text into a document that keeps line and column. A file is parsed once: every environment reads the same one.
 *
 * @throws DiagnosticsError with every syntax problem, each at its place.
 */
export function parse(file: SourceFile): Document {
  const known = parsedBefore.get(file);
  if (known) return known;
  const document = parseAnew(file);
  parsedBefore.set(file, document);
  return document;
}

function parseAnew(file: SourceFile): Document {
  const refuse = (code: string, message: string, fix: string): never => {
    const at = { file: file.path, line: 1, column: 1 };
    throw new DiagnosticsError([{ severity: 'error', code, message, fix, at }]);
  };
  const size = Buffer.byteLength(file.text);
  if (size > MAX_BYTES) {
    refuse(
      'yaml.too-large',
      `the file has ${(size / 1024 / 1024).toFixed(1)} MB; at most ${MAX_BYTES / 1024 / 1024} MB is read`,
      'check that this is the right file, and keep data out of it',
    );
  }
  const lines = new LineCounter();
  const parsed = parseDocument(file.text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    version: '1.2',
  });
  const problems = [...parsed.errors, ...parsed.warnings].map((error) => syntaxProblem(file, parsed, lines, error));
  problems.push(...controlCharacters(file, parsed, lines), ...brokenAliases(file, parsed, lines));
  if (problems.length > 0) throw new DiagnosticsError(withoutRepeats(problems));
  if (parsed.contents === null) {
    refuse(
      'yaml.empty',
      'the file is empty',
      `start it with "name: my-app"; the keys are described in docs/reference.md`,
    );
  }
  return Document.of(file, parsed, lines, expand(parsed, refuse));
}

function expand(parsed: YamlDocument.Parsed, refuse: (code: string, message: string, fix: string) => never): unknown {
  try {
    return parsed.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return refuse(
      'yaml.alias-limit',
      `aliases (*name) in this file expand to more than ${MAX_ALIASES} values, or to themselves`,
      'write the values out instead of repeating them through aliases',
    );
  }
}

const fixes: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'replace the tab by spaces: YAML indents with spaces only',
  DUPLICATE_KEY: 'keep one of the two entries and delete the other',
  BAD_INDENT: 'indent every key of a map by the same number of spaces',
  MULTIPLE_DOCS: 'keep one document: delete the line "---" and what does not belong here',
  TAG_RESOLVE_FAILED: 'delete the tag (the word that starts with "!")',
  BAD_ALIAS: 'write the value out, or put quotes around it if it begins with *',
  MISSING_CHAR: 'close the quote or bracket, or put a space after the colon',
};

const messages: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'a tab is used for indentation',
  DUPLICATE_KEY: 'this key stands twice in its map',
  MULTIPLE_DOCS: 'the file holds more than one document',
};

/** Where a syntax error is shown, and as what: the parser notices some only after the place that must be corrected. */
interface Culprit {
  readonly code: YAMLError['code'];
  readonly offset: number;
  readonly message?: string;
}

function syntaxProblem(
  file: SourceFile,
  parsed: YamlDocument.Parsed,
  lines: LineCounter,
  error: YAMLError,
): Diagnostic {
  const { code, offset, message } = culpritOf(file, parsed, lines, error);
  const { line, col } = lines.linePos(offset);
  const only = parsed.errors.every((one) => one.code === 'DUPLICATE_KEY');
  const edit = only ? deletedKey(file, parsed, offset) : undefined;
  return {
    severity: 'error',
    code: `yaml.${code.toLowerCase().replaceAll('_', '-')}`,
    message: message ?? messages[code] ?? `this is not valid YAML: ${lowerFirst(error.message)}`,
    fix: fixes[code] ?? 'correct the syntax at this place',
    at: { file: file.path, line, column: col },
    frame: codeFrame(file.text, line, col),
    ...(edit ? { edit } : {}),
  };
}

function culpritOf(file: SourceFile, parsed: YamlDocument.Parsed, lines: LineCounter, error: YAMLError): Culprit {
  const [offset] = error.pos;
  const opened = openedBefore(file, parsed, lines, error);
  if (opened !== undefined) {
    const message = `the ${file.text[opened]} that stands here has no end on this line`;
    return { code: 'MISSING_CHAR', offset: opened, message };
  }
  const deeper = deeperLine(file, parsed, error);
  if (deeper !== undefined) {
    const message = 'this line is indented deeper than the one above, and so continues its value';
    return { code: 'BAD_INDENT', offset: deeper, message };
  }
  const start = file.text.lastIndexOf('\n', offset - 1) + 1;
  const tab = file.text.slice(start).match(/^ *\t/);
  if (tab) return { code: 'TAB_AS_INDENT', offset: start + tab[0].length - 1 };
  const blank = error.code === 'BAD_INDENT' ? (file.text.slice(offset).match(/^\s*/)?.[0].length ?? 0) : 0;
  return { code: error.code, offset: offset + blank };
}

/**
 * Where the quote or bracket stands whose missing end leads to an error further down: the last quoted text that begins on an
 * earlier line and ends on the line of the error, or the list or map that the error says must end.
 */
function openedBefore(
  file: SourceFile,
  parsed: YamlDocument.Parsed,
  lines: LineCounter,
  error: YAMLError,
): number | undefined {
  const [offset] = error.pos;
  const lineOf = (place: number) => lines.linePos(place).line;
  const unended = / end with a [\]}]/.test(error.message);
  let opened: number | undefined;
  visit(parsed, {
    Node(_key, node) {
      const [start, end] = 'range' in node && node.range ? node.range : [0, 0];
      if (lineOf(start) >= lineOf(offset)) return;
      const quoted = isScalar(node) && /^QUOTE/.test(node.type ?? '') && lineOf(end) >= lineOf(offset);
      const open = unended && isCollection(node) && node.flow && file.text.slice(end, offset).trim() === '';
      if (quoted || open) opened = start;
    },
  });
  return opened;
}

/** Where the line begins that a plain value runs on to because it is indented too deep, when that led to the error. */
function deeperLine(file: SourceFile, parsed: YamlDocument.Parsed, error: YAMLError): number | undefined {
  if (error.code !== 'BLOCK_AS_IMPLICIT_KEY' && error.code !== 'MULTILINE_IMPLICIT_KEY') return undefined;
  let place: number | undefined;
  visit(parsed, {
    Scalar(_key, { range, type }) {
      if (type !== 'PLAIN' || !range || range[0] !== error.pos[0]) return;
      const run = file.text.slice(range[0], range[1]).match(/\n\s*(?=\S[^\n]*$)/);
      if (run) place = range[0] + (run.index ?? 0) + run[0].length;
    },
  });
  return place;
}

/** The edit that deletes the entry whose key stands at an offset. */
function deletedKey(file: SourceFile, parsed: YamlDocument.Parsed, offset: number): TextEdit | undefined {
  let edit: TextEdit | undefined;
  visit(parsed, {
    Map(_key, map) {
      const index = map.items.findIndex(({ key }) => (key as Node | null)?.range?.[0] === offset);
      if (index >= 0) edit = deleteEntry(file.text, { parent: map, index });
    },
  });
  return edit;
}

/** Aliases of nothing, and of a value that they stand in. */
function brokenAliases(file: SourceFile, parsed: YamlDocument.Parsed, lines: LineCounter): Diagnostic[] {
  const problems: Diagnostic[] = [];
  visit(parsed, {
    Alias(_key, node, path) {
      const target = node.resolve(parsed);
      if (target && !path.includes(target)) return;
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      problems.push({
        severity: 'error',
        code: target ? 'yaml.alias-limit' : 'yaml.bad-alias',
        message: target
          ? `*${node.source} stands inside what it names`
          : `nothing is named &${node.source} before this`,
        fix: fixes.BAD_ALIAS ?? '',
        at: { file: file.path, line, column: col },
        frame: codeFrame(file.text, line, col),
      });
    },
  });
  return problems;
}

/** Control characters and halves of characters are valid in quoted YAML but have no place in any file that is compiled from it. */
function controlCharacters(file: SourceFile, parsed: YamlDocument.Parsed, lines: LineCounter): Diagnostic[] {
  const problems: Diagnostic[] = [];
  visit(parsed, {
    Scalar(_key, node) {
      if (
        !isScalar(node) ||
        typeof node.value !== 'string' ||
        !/[\u0000-\u0008\u000b-\u001f\u007f\u{F0000}-\u{F0002}\p{Surrogate}\p{Noncharacter_Code_Point}]/u.test(
          node.value,
        )
      )
        return;
      const { line, col } = lines.linePos(node.range?.[0] ?? 0);
      problems.push({
        severity: 'error',
        code: 'yaml.control-character',
        message: 'this value holds a control character',
        fix: 'delete it: no compiled file can carry one',
        at: { file: file.path, line, column: col },
        frame: codeFrame(file.text, line, col),
      });
    },
  });
  return problems;
}

/** One tab makes the parser report several errors on its line: the first says it. */
function withoutRepeats(problems: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const place = `${problem.code}:${problem.at?.line}`;
    return !seen.has(place) && seen.add(place);
  });
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
