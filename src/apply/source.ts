import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { failure } from '../diagnostic.ts';
import { capture } from '../transport/local.ts';

/** The files that a release is built from. */
export interface Source {
  /** Absolute folder. */
  readonly folder: string;
  /** Paths relative to it, sorted. */
  readonly files: readonly string[];
  /** SHA-256 over names, executable bits and contents. */
  readonly digest: string;
}

/** Folders that hold what a build makes, left out where Git does not say what to ignore. */
const neverSource = new Set(['node_modules', 'dist', '.git', '.fairlead']);

/**
 * Lists and hashes the source of the program: what Git tracks or would track in that folder, or every file when Git does not
 * know the folder. The time of a file and the machine play no part.
 *
 * @throws DiagnosticsError when the folder is missing or empty.
 */
export async function readSource(projectFolder: string, source: string): Promise<Source> {
  const folder = resolve(projectFolder, source);
  const files = ((await listedByGit(folder)) ?? listedByWalking(folder))
    .filter((file) => exists(join(folder, file)))
    .sort();
  if (files.length === 0) {
    throw failure({
      code: 'app.source',
      subject: 'app.source',
      message: `the source folder ${source} ${exists(folder) ? 'holds no files' : 'does not exist'}`,
      fix: 'correct app.source in deploy.yaml: it is relative to that file',
    });
  }
  return { folder, files, digest: digestOf(folder, files) };
}

/** A repository inside the folder is listed as one entry. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function listedByGit(folder: string): Promise<string[] | undefined> {
  if (!exists(folder)) return undefined;
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', '.'];
  const { exitCode, stdout, stderr } = await capture('git', args, folder);
  if (exitCode === undefined || /not a git repository/i.test(stderr)) return undefined;
  if (exitCode !== 0) {
    throw failure({
      code: 'app.source',
      subject: 'app.source',
      message: `Git cannot list the source folder: ${stderr.trim().split('\n')[0]}`,
      fix: 'make "git ls-files" work in that folder: without it, files that Git ignores would be shipped',
    });
  }
  const files = stdout
    .split('\0')
    .filter((file) => file !== '')
    .flatMap((file) => (isFolder(join(folder, file)) ? listedByWalking(folder, join(folder, file)) : [file]));
  return files.length > 0 ? files : undefined;
}

function listedByWalking(folder: string, inside = folder): string[] {
  if (!exists(inside)) return [];
  return readdirSync(inside, { withFileTypes: true }).flatMap((entry) => {
    const path = join(inside, entry.name);
    if (neverSource.has(entry.name)) return [];
    return entry.isDirectory() ? listedByWalking(folder, path) : [relative(folder, path).split(sep).join('/')];
  });
}

function digestOf(folder: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    const path = join(folder, file);
    const state = lstatSync(path);
    const content = state.isSymbolicLink() ? readlinkSync(path) : readFileSync(path);
    const kind = state.isSymbolicLink() ? 'link' : state.mode & 0o100 ? 'executable' : 'file';
    hash.update(`${kind} ${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
