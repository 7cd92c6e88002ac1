import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ExitCode, failure } from '../diagnostic.ts';
import { importCompose as imported } from '../import/import.ts';
import { importedText, lossesText } from '../report/import.ts';
import type { SourceFile } from '../spec/document.ts';
import { type CommonOptions, colorsOf, complaintColorsOf, printJson, type Terminal } from './context.ts';

export interface ImportOptions extends CommonOptions {
  /** Name of the project. */
  readonly name?: string;
  /** Where the new file is written; options.file when it is left out. */
  readonly out?: string;
}

/**
 * Reads an existing Compose file into a first deploy.yaml, and says what it could not carry over.
 *
 * @param file the Compose file.
 * @throws DiagnosticsError when it cannot be read, or when there is a deploy file already.
 */
export async function importCompose(options: ImportOptions, terminal: Terminal, file: string): Promise<ExitCode> {
  const out = options.out ?? options.file;
  refuseToOverwrite(out);
  const { text, losses, name } = imported(readCompose(file), options.name);
  write(out, text);
  if (options.json) printJson(terminal, { file: out, name, losses });
  else {
    terminal.err.write(lossesText(losses, complaintColorsOf(terminal)));
    terminal.out.write(importedText(out, colorsOf(terminal)));
  }
  return ExitCode.done;
}

function refuseToOverwrite(path: string): void {
  if (!existsSync(path)) return;
  throw failure({
    code: 'import.exists',
    subject: path,
    message: `there is a file ${path} already, and an import never changes one`,
    fix: 'name another: --out deploy.imported.yaml',
  });
}

function readCompose(path: string): SourceFile {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    return { path, text: text.replaceAll('\r\n', '\n') };
  } catch (error) {
    throw failure({
      code: 'import.unreadable',
      subject: path,
      message: `${path} cannot be read: ${error instanceof TypeError ? 'it is not UTF-8 text' : (error as Error).message}`,
      fix: 'name a Compose file: npm run import -- docker-compose.yml',
    });
  }
}

/** Writes a new file and nothing else: one that came in between stays. */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw failure({
      code: 'import.unwritable',
      subject: path,
      message: `${path} cannot be written: ${(error as Error).message}`,
      fix: 'name a place that you may write to: --out path/to/deploy.yaml',
    });
  }
}
