import { type HostReleases, readReleases } from '../apply/releases.ts';
import { type DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import { hostScript } from '../project/assets.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import { releasesText } from '../report/releases.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import {
  type CommonOptions,
  colorsOf,
  complaintColorsOf,
  openSession,
  printJson,
  type Session,
  type Terminal,
} from './context.ts';
import { failureOf } from './host-failure.ts';

/** What one host knows of its releases, or why it could not be asked. */
type Result =
  | { readonly host: string; readonly releases: HostReleases }
  | { readonly host: string; readonly error: DiagnosticsError };

/** Lists the releases that hosts keep: which one serves, who brought each, when and from which commit. Exit code 8: see ExitCode. */
export async function releases(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const { prepareLogins } = await import('../transport/ssh.ts');
  await prepareLogins(session.hosts, session.project.folder);
  const results = await Promise.all(session.hosts.map((host) => askOne(session, host)));
  if (options.json) printJson(terminal, { format: 1, hosts: results.map(asJson) });
  for (const result of results) {
    if ('error' in result)
      terminal.err.write(`${diagnosticsText(result.error.diagnostics, complaintColorsOf(terminal))}\n`);
    else if (!options.json) terminal.out.write(releasesText(result.host, result.releases, colorsOf(terminal)));
  }
  return results.find((result) => 'error' in result)?.error.exitCode ?? ExitCode.done;
}

function asJson(result: Result) {
  if ('error' in result) return { host: result.host, diagnostics: result.error.diagnostics };
  const { stored: _, ...known } = result.releases;
  return { host: result.host, ...known };
}

async function askOne({ spec, project }: Session, host: ResolvedHostFile): Promise<Result> {
  const { connectSsh } = await import('../transport/ssh.ts');
  try {
    const connection = await connectSsh(host, project.folder);
    try {
      return { host: host.name, releases: await releasesOn(connection, spec.name, host) };
    } finally {
      connection.close();
    }
  } catch (error) {
    return { host: host.name, error: failureOf(error, host.name) };
  }
}

/**
 * Asks a host for its releases.
 *
 * @param stored name of a release whose stored resources are wanted as well.
 * @throws DiagnosticsError when the host does not answer as asked.
 */
export async function releasesOn(
  connection: Connection,
  project: string,
  host: ResolvedHostFile,
  stored = '',
): Promise<HostReleases> {
  const input = `${project}\n${stored}\n`;
  const { code, stdout } = await connection.run(hostScript('releases'), { input, compressed: true });
  if (code === 0) return readReleases(stdout.toString('utf8'));
  throw failure(
    {
      code: 'releases.unreadable',
      subject: host.name,
      message: `the releases on ${host.name} could not be read (exit code ${code})`,
      fix: `look at /srv/${project} on the host`,
    },
    ExitCode.unreachable,
  );
}
