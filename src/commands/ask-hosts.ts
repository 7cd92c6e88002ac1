import type { DiagnosticsError } from '../diagnostic.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { complaintColorsOf, type Session, type Terminal } from './context.ts';
import { failureOf } from './host-failure.ts';

/** What one host said, or why it could not be asked. */
export type Asked<Answer> =
  | { readonly host: string; readonly answer: Answer }
  | { readonly host: string; readonly error: DiagnosticsError };

/**
 * Asks every host that a command means, each over a connection of its own and all at once.
 *
 * @param ask may throw; the others are asked all the same.
 * @returns in the order of the hosts.
 */
export async function askHosts<Answer>(
  { hosts, project }: Pick<Session, 'hosts' | 'project'>,
  ask: (connection: Connection, host: ResolvedHostFile) => Promise<Answer>,
): Promise<Asked<Answer>[]> {
  const { connectSsh, prepareLogins } = await import('../transport/ssh.ts');
  await prepareLogins(hosts, project.folder);
  return Promise.all(
    hosts.map(async (host) => {
      try {
        const connection = await connectSsh(host, project.folder);
        try {
          return { host: host.name, answer: await ask(connection, host) };
        } finally {
          connection.close();
        }
      } catch (error) {
        return { host: host.name, error: failureOf(error, host.name) };
      }
    }),
  );
}

/** Says of each host what it answered, or complains about it. @param say is given every answer. */
export function tellAnswers<Answer>(
  results: readonly Asked<Answer>[],
  terminal: Terminal,
  say: (host: string, answer: Answer) => void,
): void {
  for (const result of results) {
    if ('answer' in result) say(result.host, result.answer);
    else terminal.err.write(`${diagnosticsText(result.error.diagnostics, complaintColorsOf(terminal))}\n`);
  }
}

/** A host's answer as JSON, or what is wrong with it. */
export const asJson = <Answer>(result: Asked<Answer>, told: (answer: Answer) => object) =>
  'error' in result
    ? { host: result.host, diagnostics: result.error.diagnostics }
    : { host: result.host, ...told(result.answer) };

/** The exit code of the first host that could not be asked. */
export const failedToAsk = <Answer>(results: readonly Asked<Answer>[]) =>
  results.find((result) => 'error' in result)?.error.exitCode;
