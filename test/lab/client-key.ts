import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureCommand } from '../support/packages.ts';

/** An SSH key pair of the tests. */
export interface ClientKey {
  identityFile: string;
  publicKey: string;
}

let made: Promise<ClientKey> | undefined;

/** The key with which this process logs in to every lab host; made once, in a folder that ends with the process. */
export function clientKey(): Promise<ClientKey> {
  made ??= make(temporaryFolder());
  return made;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-key-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new key in a folder that stays. */
export function clientKeyIn(folder: string): Promise<ClientKey> {
  rmSync(join(folder, 'id_ed25519'), { force: true });
  mkdirSync(folder, { recursive: true });
  return make(folder);
}

async function make(folder: string): Promise<ClientKey> {
  await ensureCommand('ssh-keygen', ['openssh-client']);
  const identityFile = join(folder, 'id_ed25519');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'fairlead-lab', '-f', identityFile]);
  return { identityFile, publicKey: (await readFile(`${identityFile}.pub`, 'utf8')).trim() };
}
