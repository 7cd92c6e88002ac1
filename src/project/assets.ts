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

/** The folder of the program itself, whether it runs from src/project/ or from the bundle in dist/. */
export const packageFolder = existsSync(join(here, '..', 'package.json')) ? join(here, '..') : join(here, '..', '..');

/** Loads the assets. In the bundle, bin/build.js has put them there compiled, which loads in a tenth of the time. */
export async function loadAssets(): Promise<Assets> {
  return (await import('./assets-source.ts')).assetsFromSource(packageFolder);
}

/** Text of a script that runs on hosts: `probe`, `receive` or `executor`. */
export function hostScript(name: 'probe' | 'receive' | 'executor'): string {
  return readFileSync(join(packageFolder, 'src', 'apply', `${name}.sh`), 'utf8');
}
