import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { HostManifest } from '../compile/manifest.ts';
import { compiledTree } from '../compile/tree.ts';

/** What compiling does to the committed tree; paths are relative to the project folder. */
export interface TreeChange {
  readonly action: 'written' | 'removed';
  readonly path: string;
}

/** Brings hosts/<environment>/<host>/ to what was compiled, or with `dryRun` only tells what that would do. */
export function writeTree(projectFolder: string, manifest: HostManifest, dryRun = false): TreeChange[] {
  const root = join(projectFolder, 'hosts', manifest.environment, manifest.host.name);
  const tree = compiledTree(manifest);
  const changes: TreeChange[] = [];
  for (const [name, content] of tree) {
    const path = join(root, name);
    if (existsSync(path) && readFileSync(path, 'utf8') === content) continue;
    changes.push({ action: 'written', path: relative(projectFolder, path) });
    if (!dryRun) replace(path, content);
  }
  for (const path of stale(root, tree)) {
    changes.push({ action: 'removed', path: relative(projectFolder, path) });
    if (!dryRun) rmSync(path);
  }
  return changes;
}

function replace(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** Files below rootfs/ that nothing compiles any more. */
function stale(root: string, tree: ReadonlyMap<string, string>): string[] {
  const rootfs = join(root, 'rootfs');
  if (!existsSync(rootfs)) return [];
  return readdirSync(rootfs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !tree.has(relative(root, path).replaceAll('\\', '/')));
}
