import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Templates } from '../compile/render.ts';
import type { Contracts } from '../spec/resolve.ts';
import type { Contract } from '../spec/validate.ts';

/** What ships with the program: contracts of the files it reads, and templates of the files it writes. */
export interface Assets {
  readonly contracts: Contracts;
  /** Of saved plans. */
  readonly planContract: Contract;
  readonly templates: Templates;
}

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of the program itself, whether it runs from src/project/ or from the bundle in dist/. */
export const packageFolder = existsSync(join(here, '..', 'package.json')) ? join(here, '..') : join(here, '..', '..');

/** Loads the assets. In the bundle, bin/build.js has put them there compiled, which loads in a tenth of the time. */
export async function loadAssets(): Promise<Assets> {
  return (await import('./assets-source.ts')).assetsFromSource(packageFolder);
}

/** Version of this program. */
export const programVersion = (): string =>
  (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }).version;

const executor = [
  ...['head', 'journal', 'paths', 'secrets', 'packages', 'services', 'postgres', 'clusters', 'migrations', 'releases'],
  ...['future', 'confirm', 'transaction'],
].map((part) => `executor/${part}`);

/** What each script that runs on hosts is put together from. */
const hostScripts = {
  probe: ['probe'],
  executor,
  receive: ['follow', 'receive'],
  recover: ['follow', 'recover'],
  attach: ['follow', 'attach'],
  confirm: ['confirm'],
  answer: ['answer'],
  audit: ['audit'],
  releases: ['releases'],
  status: ['status'],
  backup: ['backup'],
  backups: ['backups'],
  dumps: ['dumps'],
} as const satisfies Record<string, readonly string[]>;

export type HostScript = keyof typeof hostScripts;

export const hostScriptNames = Object.keys(hostScripts) as HostScript[];

/** Text of the gate that migrations pass (src/apply/host/gate/), for Node.js on a host. */
export function gateProgram(): string {
  const parts = ['statements', 'migrations', 'gate'].map((part) =>
    readFileSync(join(packageFolder, 'src', 'apply', 'host', 'gate', `${part}.cjs`), 'utf8'),
  );
  return parts.join('');
}

/** Text of a script that runs on hosts, from its files in src/apply/host/. */
export function hostScript(name: HostScript): string {
  const parts = hostScripts[name].map((part) =>
    readFileSync(join(packageFolder, 'src', 'apply', 'host', `${part}.sh`), 'utf8'),
  );
  return parts.join('\n');
}
