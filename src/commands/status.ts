import { type HostStatus, readStatus, statusRequest } from '../apply/status/status.ts';
import { backupPlaces } from '../compile/backups/places.ts';
import { ExitCode, failure } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { hostScript } from '../project/assets.ts';
import { statusText } from '../report/status.ts';
import { unitsOf } from '../resources/resource.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { seconds } from '../spec/units.ts';
import type { Connection } from '../transport/transport.ts';
import { asJson, askHosts, failedToAsk, tellAnswers } from './ask-hosts.ts';
import { type CommonOptions, colorsOf, openSession, printJson, type Session, type Terminal } from './context.ts';

/**
 * Says how each host is: what serves, which units run, until when its certificate lasts, how its database and
 * backups are, and what is wrong. Exit code 1 when something
 * is, 8 when a host could not be reached.
 */
export async function status(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const results = await askHosts(session, (connection, host) => statusOf(connection, session, host));
  if (options.json)
    printJson(terminal, { format: 1, hosts: results.map((result) => asJson(result, (one) => ({ ...one }))) });
  tellAnswers(results, terminal, (host, one) => {
    if (!options.json) terminal.out.write(statusText(host, one, colorsOf(terminal)));
  });
  const unwell = results.some((result) => 'answer' in result && result.answer.problems.length > 0);
  return failedToAsk(results) ?? (unwell ? ExitCode.error : ExitCode.done);
}

/** Asks a host how it is. @throws DiagnosticsError when it does not answer as asked. */
export async function statusOf(
  connection: Connection,
  { spec, assets }: Pick<Session, 'spec' | 'assets'>,
  host: ResolvedHostFile,
): Promise<HostStatus> {
  const manifest = manifestOf(spec, host, assets);
  const release = manifest.resources.find((resource) => resource.kind === 'release');
  const units = unitsOf(manifest).map(({ name }) => name);
  const database = manifest.resources.find((resource) => resource.kind === 'postgres-database')?.name;
  const places = backupPlaces(spec.name);
  const runs = (unit: string) => units.includes(`${unit}.timer`);
  const input = statusRequest({
    project: spec.name,
    instances: release?.instances ?? 0,
    units,
    ...(database === undefined ? {} : { database }),
    ...(runs(places.units.full) ? { backups: places.state } : {}),
  });
  const budgets = {
    backupHours: spec.observability.alerts.backupHours,
    ...(spec.database?.placement === 'host' ? { keepHours: seconds(spec.database.upgrades.keep) / 3600 } : {}),
    ...(runs(places.units.drill) ? { drillHours: seconds(spec.backups.drill.maxAge) / 3600 } : {}),
  };
  const { code, stdout } = await connection.run(hostScript('status'), { input, compressed: true });
  try {
    if (code === 0) return readStatus(stdout.toString('utf8'), budgets);
  } catch {
    // What it said is no answer, which is told below.
  }
  throw failure(
    {
      code: 'status.unreadable',
      subject: host.name,
      message: `the state of ${host.name} could not be read (exit code ${code})`,
      fix: 'look at the host; systemctl --failed',
    },
    ExitCode.unreachable,
  );
}
