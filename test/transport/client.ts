/** Clients and hosts for tests of connections: with passwords from a table, short times and keys in a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Diagnostic, DiagnosticsError } from '../../src/diagnostic.ts';
import type { ResolvedHostFile } from '../../src/spec/types.ts';
import { Logins } from '../../src/transport/logins.ts';
import { type Patience, SshClient } from '../../src/transport/ssh.ts';
import { type Answer, type KeyPair, newKey } from './server.ts';

export const folder = mkdtempSync(join(tmpdir(), 'fairlead-ssh-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Writes a private key that hosts can name as identityFile. */
export function keyFile(name: string, key: KeyPair): string {
  writeFileSync(join(folder, name), key.private, { mode: 0o600 });
  return name;
}

export const [hostKey, bastionKey, client, stranger] = [newKey(), newKey(), newKey(), newKey()];
keyFile('client', client);
keyFile('stranger', stranger);

/** A host that listens on a port of loopback. */
export const hostAt = (port: number, more: Partial<ResolvedHostFile> = {}): ResolvedHostFile => ({
  name: 'web-1',
  address: '127.0.0.1',
  port,
  user: 'root',
  sudo: 'passwordless',
  confirmWithin: 60,
  identityFile: 'client',
  os: 'debian-12',
  architecture: 'amd64',
  hostKeys: [hostKey.public],
  roles: ['app'],
  cpus: 2,
  memory: '2G',
  mounts: [],
  ...more,
});

export const quick: Patience = { timeout: 2000, keepalive: 60, unanswered: 2 };

/** A client with environment variables and answers of somebody; `questions` notes what they were asked. */
export function clientWith(
  variables: Readonly<Record<string, string>> = {},
  answer?: (question: string) => string | undefined,
): { readonly ssh: SshClient; readonly questions: string[] } {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answer?.(question);
  };
  const source = { variable: (name: string) => variables[name], ...(answer ? { ask } : {}) };
  return { ssh: new SshClient(new Logins(source), quick, () => 0), questions };
}

/** The first problem of what must fail with an exit code. */
export async function problem(work: Promise<unknown>, exitCode = 8): Promise<Diagnostic> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (thrown: Error) => thrown,
  );
  assert.instance(error, DiagnosticsError, error.stack ?? error.message);
  assert.is((error as DiagnosticsError).exitCode, exitCode);
  return (error as DiagnosticsError).diagnostics[0]!;
}

/** Answers every command with the command itself. */
export const echo: Answer = (channel, command) => {
  channel.write(command);
  channel.exit(0);
  channel.end();
};
