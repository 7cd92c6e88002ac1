import { StringDecoder } from 'node:string_decoder';
import type { NodeSSH } from 'node-ssh';
import { type DiagnosticsError, printable } from '../diagnostic.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { compressed, compressedScript, expanded } from './compression.ts';
import { unreachable } from './failures.ts';
import { withInputs } from './input.ts';
import type { Route } from './route.ts';
import { type Elevation, refusedPassword, trial } from './sudo.ts';
import type { CommandOptions, CommandResult, Connection } from './transport.ts';

/** The connection that a login over a route makes. Closing it closes both. */
export const connectionOver = (
  ssh: NodeSSH,
  host: ResolvedHostFile,
  elevation: Elevation,
  route: Route,
): Connection => ({
  run: (script, options) => (options?.compressed ? runCompressed : run)(ssh, host, elevation, script, options),
  close() {
    ssh.dispose();
    route.close();
  },
});

/**
 * Tries the password of sudo once, before any script depends on it.
 *
 * @throws DiagnosticsError (exit code 8) when sudo refuses it; the login is ended then.
 */
export async function prove(password: string, ssh: NodeSSH, host: ResolvedHostFile): Promise<void> {
  try {
    const { stdout, stderr } = await ssh.execCommand(trial, { stdin: `${password}\n` }).catch(lost(host));
    if (stdout !== 'ready') throw refusedPassword(host, stderr);
  } catch (error) {
    ssh.dispose();
    throw error;
  }
}

async function runCompressed(
  ssh: NodeSSH,
  host: ResolvedHostFile,
  elevation: Elevation,
  script: string,
  { input = '' }: CommandOptions = {},
): Promise<CommandResult> {
  const result = await run(ssh, host, elevation, compressedScript(script), { input: compressed(input) });
  return { ...result, stdout: expanded(result.stdout) };
}

async function run(
  ssh: NodeSSH,
  host: ResolvedHostFile,
  elevation: Elevation,
  script: string,
  { input, onLine }: CommandOptions = {},
): Promise<CommandResult> {
  const stdin = elevation.input(input);
  const options = {
    encoding: 'latin1' as const,
    ...(stdin === undefined ? {} : { stdin: stdin as never }),
    ...(onLine ? { onStdout: lines(onLine) } : {}),
    noTrim: true,
  };
  const result = await withInputs([input, stdin], (onChannel) =>
    ssh.execCommand(elevation.command(script), { ...options, onChannel }).catch(lost(host)),
  );
  return {
    code: result.code ?? -1,
    stdout: Buffer.from(result.stdout, 'latin1'),
    stderr: Buffer.from(result.stderr, 'latin1').toString('utf8'),
  };
}

/** A command could not even be started. */
const lost =
  ({ name }: ResolvedHostFile) =>
  (error: Error): never => {
    throw gone(name, error.message);
  };

const gone = (name: string, why: string): DiagnosticsError =>
  unreachable(
    name,
    'lost',
    `the connection to ${name} is gone: ${printable(why)}`,
    'check the network to the host, then run the same command again',
  );

/** Cuts chunks into lines. */
function lines(onLine: (line: string) => void): (chunk: Buffer) => void {
  // A letter may come in two chunks.
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) onLine(line);
  };
}
