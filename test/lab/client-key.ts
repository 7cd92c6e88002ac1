import { mkdtempSync, rmSync } from 'node:fs';
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
  made ??= make();
  return made;
}

async function make(): Promise<ClientKey> {
  await ensureCommand('ssh-keygen', ['openssh-client']);
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-key-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const identityFile = join(folder, 'id_ed25519');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'fairlead-lab', '-f', identityFile]);
  return { identityFile, publicKey: (await readFile(`${identityFile}.pub`, 'utf8')).trim() };
}
