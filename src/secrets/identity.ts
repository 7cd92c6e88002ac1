import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { failure } from '../diagnostic.ts';
import { makeIdentity } from './age.ts';

/** The file with the identity: `~/` is the home folder, and any other path is relative to the project. */
export const identityPath = (identityFile: string, folder: string): string =>
  identityFile.startsWith('~/') ? join(homedir(), identityFile.slice(2)) : resolve(folder, identityFile);

const linesWithKeys = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/**
 * The private keys that may open the secrets file: those in the variable AGE_IDENTITY, else those in the identity file.
 *
 * @throws DiagnosticsError when there are none, or when others can read the file.
 */
export function readIdentities(identityFile: string, folder: string, environment: NodeJS.ProcessEnv): string[] {
  if (environment.AGE_IDENTITY) return linesWithKeys(environment.AGE_IDENTITY);
  const path = identityPath(identityFile, folder);
  const state = statSync(path, { throwIfNoEntry: false });
  if (!state) {
    throw failure({
      code: 'secrets.no-identity',
      subject: identityFile,
      message: `there is no age identity: neither the variable AGE_IDENTITY nor the file ${identityFile}`,
      fix: 'make one with "npm run secrets -- keygen", or in CI pass AGE_IDENTITY from a secret',
    });
  }
  if (state.mode & 0o077) {
    throw failure({
      code: 'secrets.identity-mode',
      subject: identityFile,
      message: `others than you may read the age identity ${identityFile}`,
      fix: `chmod 600 ${path}`,
    });
  }
  return linesWithKeys(readFileSync(path, 'utf8'));
}

/**
 * Makes an identity and keeps it in a file that only its owner reads. Returns its recipient.
 *
 * @throws DiagnosticsError when the file is there already: what was encrypted to it would be lost.
 */
export async function createIdentity(identityFile: string, folder: string): Promise<string> {
  const path = identityPath(identityFile, folder);
  if (existsSync(path)) {
    throw failure({
      code: 'secrets.identity-exists',
      subject: identityFile,
      message: `there is an identity in ${identityFile} already, and secrets may be encrypted to it`,
      fix: `use it, or move it away first: mv ${path} ${path}.old`,
    });
  }
  const { identity, recipient } = await makeIdentity();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `# recipient: ${recipient}\n${identity}\n`, { mode: 0o600, flag: 'wx' });
  return recipient;
}
