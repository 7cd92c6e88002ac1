/**
 * GitHub's own parser of workflows (@actions/workflow-parser). On Node 20 its modules do not load, because they import JSON
 * without saying so; bundled they do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

interface Parser {
  parseWorkflow(
    file: { name: string; content: string },
    trace: unknown,
  ): { context: { errors: { getErrors(): { message: string }[] } } };
  readonly NoOperationTraceWriter: new () => unknown;
}

let parser: Parser | undefined;

function loaded(): Parser {
  if (parser) return parser;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-workflow-parser-'));
  const outfile = join(folder, 'parser.cjs');
  try {
    buildSync({
      stdin: { contents: "export * from '@actions/workflow-parser';", resolveDir: import.meta.dirname },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
    parser = createRequire(import.meta.url)(outfile) as Parser;
    return parser;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What GitHub's parser has to say about a workflow: unknown keys, wrong values, expressions that it cannot read. */
export function parserProblems(path: string, text: string): string[] {
  const { parseWorkflow, NoOperationTraceWriter } = loaded();
  const { context } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}
