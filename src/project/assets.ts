import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Templates } from '../compile/render.ts';
import type { Contracts } from '../spec/resolve.ts';

/** What ships with the program: contracts of the files it reads, and templates of the files it writes. */
export interface Assets {
  readonly contracts: Contracts;
  readonly templates: Templates;
}

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of the program itself, whether it runs from source or from the bundle in dist/. */
export const packageFolder = existsSync(join(here, 'assets.js')) ? dirname(here) : join(here, '..', '..');

/**
 * Loads the assets: precompiled beside the bundle, where loading costs a tenth of compiling, or else from their sources.
 */
export async function loadAssets(): Promise<Assets> {
  const built = join(here, 'assets.js');
  if (existsSync(built)) return (await import(built)) as Assets;
  return (await import('./assets-source.ts')).assetsFromSource(packageFolder);
}

/** Text of a script that runs on hosts: `probe`, `receive` or `executor`. */
export function hostScript(name: 'probe' | 'receive' | 'executor'): string {
  return readFileSync(join(packageFolder, 'src', 'apply', `${name}.sh`), 'utf8');
}
