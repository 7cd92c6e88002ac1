import { isScalar, LineCounter, parseDocument, visit, type YAMLError, type Document as YamlDocument } from 'yaml';
import { codeFrame, type Diagnostic, DiagnosticsError } from '../diagnostic.ts';
import { Document, type SourceFile } from './document.ts';

/** Largest file that is read, in bytes of UTF-8. The largest real file seen has a few kilobytes. */
export const MAX_BYTES = 1024 * 1024;

/** How many values the aliases of one file may expand to, so that a small file cannot fill the memory. */
const MAX_ALIASES = 100;

/**
 * Parses YAML 1.2 text into a document that keeps line and column.
 *
 * @throws DiagnosticsError with every syntax problem, each at its place.
 */
export function parse(file: SourceFile): Document {
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
  const problems = [...parsed.errors, ...parsed.warnings].map((error) => syntaxProblem(file, lines, error));
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

function syntaxProblem(file: SourceFile, lines: LineCounter, error: YAMLError): Diagnostic {
  const { line, col } = lines.linePos(error.pos[0]);
  const tab = file.text.split('\n')[line - 1]?.match(/^ *\t/);
  const code = tab ? 'TAB_AS_INDENT' : error.code;
  return {
    severity: 'error',
    code: `yaml.${code.toLowerCase().replaceAll('_', '-')}`,
    message: messages[code] ?? `this is not valid YAML: ${lowerFirst(error.message)}`,
    fix: fixes[code] ?? 'correct the syntax at this place',
    at: { file: file.path, line, column: tab ? tab[0].length : col },
    frame: codeFrame(file.text, line, tab ? tab[0].length : col),
  };
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

/** Control characters are valid in quoted YAML but have no place in any file that is compiled from it. */
function controlCharacters(file: SourceFile, parsed: YamlDocument.Parsed, lines: LineCounter): Diagnostic[] {
  const problems: Diagnostic[] = [];
  visit(parsed, {
    Scalar(_key, node) {
      if (
        !isScalar(node) ||
        typeof node.value !== 'string' ||
        !/[\u0000-\u0008\u000b-\u001f\u007f\u{F0000}-\u{F0002}]/u.test(node.value)
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
