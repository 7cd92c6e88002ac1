import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { failure } from '../diagnostic.ts';
import type { SourceFile } from '../spec/document.ts';
import { environmentsOf, type HostSource, type Sources } from '../spec/resolve.ts';

/** A project on this machine: the folder of deploy.yaml, and the text of all files that decide. */
export interface Project {
  /** Absolute. */
  readonly folder: string;
  readonly sources: Sources;
}

/**
 * Reads the deploy file and every hosts/<environment>/<host>/host.yaml beside it.
 *
 * @throws DiagnosticsError when there is no deploy file, or a file cannot be read.
 */
export function loadProject(file: string): Project {
  const path = resolve(file);
  const folder = dirname(path);
  if (!existsSync(path)) {
    throw failure({
      code: 'project.no-file',
      subject: file,
      message: `there is no file ${file}`,
      fix: 'run the command in the folder that has deploy.yaml, or name the file: --file path/to/deploy.yaml',
    });
  }
  return { folder, sources: { deploy: readText(folder, path), hosts: readHosts(folder) } };
}

function readText(folder: string, path: string): SourceFile {
  const shown = relative(folder, path);
  try {
    const bytes = readFileSync(path);
    return { path: shown, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n') };
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8 text' : (error as Error).message;
    throw failure({
      code: 'project.unreadable',
      subject: shown,
      message: `${shown} cannot be read: ${why}`,
      fix: 'save it as UTF-8 text that you may read',
    });
  }
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => entry.name)
        .sort()
    : [];

function readHosts(folder: string): HostSource[] {
  const root = join(folder, 'hosts');
  return foldersIn(root).flatMap((environment) =>
    foldersIn(join(root, environment)).flatMap((name) => {
      const path = join(root, environment, name, 'host.yaml');
      return existsSync(path) ? [{ environment, folder: name, file: readText(folder, path) }] : [];
    }),
  );
}

/** Names of the environments that have hosts. */
export const environmentsWithHosts = (sources: Sources): string[] =>
  [...new Set(sources.hosts.map(({ environment }) => environment))].sort();

/**
 * The environment that a command means: the named one, or production, or the only one there is.
 *
 * @throws DiagnosticsError when that leaves a choice.
 */
export function chooseEnvironment(sources: Sources, named: string | undefined): string {
  if (named) return named;
  const known = environmentsOf(sources);
  if (known.includes('production') || known.length === 0) return 'production';
  if (known.length === 1) return known[0] ?? 'production';
  throw failure({
    code: 'environment.ambiguous',
    subject: 'environment',
    message: `there are several environments: ${known.join(', ')}`,
    fix: `name one: --env ${known[0]}`,
  });
}
