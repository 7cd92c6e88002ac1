import { type HostReleases, readReleases } from '../apply/releases.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { hostScript } from '../project/assets.ts';
import { releasesText } from '../report/releases.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { asJson, askHosts, failedToAsk, tellAnswers } from './ask-hosts.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Terminal } from './context.ts';

/** Lists the releases that hosts keep: which one serves, who brought each, when and from which commit. Exit code 8: see ExitCode. */
export async function releases(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const results = await askHosts(session, (connection, host) => releasesOn(connection, session.spec.name, host));
  if (options.json)
    printJson(terminal, {
      format: 1,
      hosts: results.map((result) => asJson(result, ({ stored: _, ...known }) => known)),
    });
  tellAnswers(results, terminal, (host, known) => {
    if (!options.json) terminal.out.write(releasesText(host, known, colorsOf(terminal)));
  });
  return failedToAsk(results) ?? ExitCode.done;
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
