import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Set by `npm run goldens`: write what is, instead of comparing with it. */
const updating = process.env.UPDATE_GOLDENS === '1';

/**
 * Compares texts with files of a folder, byte by byte. A file that is missing fails, and so does a stale one: a file that
 * `owns` accepts and that nothing expects any more.
 *
 * @param expected contents by path relative to the folder.
 * @param owns which files of the folder are goldens; paths are relative to the folder.
 * @throws Error naming every file that differs, with the first line that does.
 */
export function compareGoldens(
  folder: string,
  expected: ReadonlyMap<string, string>,
  owns: (path: string) => boolean,
): void {
  const found = filesIn(folder).filter(owns);
  const stale = found.filter((path) => !expected.has(path));
  if (updating) {
    for (const path of stale) rmSync(join(folder, path));
    for (const [path, text] of expected) write(join(folder, path), text);
    return;
  }
  const problems = stale.map((path) => `${path} is stale: nothing makes it any more`);
  for (const [path, text] of expected) {
    const golden = existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
    if (golden === undefined) problems.push(`${path} is missing; it would be:\n${text}`);
    else if (golden !== text) problems.push(`${path} differs: ${firstDifference(golden, text)}`);
  }
  if (problems.length > 0)
    throw new Error(`${problems.join('\n')}\nread the difference; if it is meant, run: npm run goldens`);
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function firstDifference(golden: string, actual: string): string {
  const [before, after] = [golden.split('\n'), actual.split('\n')];
  const line = before.findIndex((text, index) => text !== after[index]);
  const at = line < 0 ? before.length : line;
  return `line ${at + 1}\n  expected: ${before[at] ?? '(end)'}\n  actual:   ${after[at] ?? '(end)'}`;
}
