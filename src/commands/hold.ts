import { backupPlaces } from '../compile/backups/places.ts';
import { type Diagnostic, DiagnosticsError, ExitCode } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { changesRelease } from '../plan/together.ts';
import { unitsOf } from '../resources/resource.ts';
import { askHosts } from './ask-hosts.ts';
import type { Session } from './context.ts';
import type { PlannedHost, UnplannedHost } from './plan.ts';
import { statusOf } from './status.ts';

/**
 * Holds a release back while a drill is red, where `backups.drill.blocksDeploys` says so: on any database host of the environment, whichever
 * hosts are meant. No news is red, too.
 *
 * @throws DiagnosticsError (exit code 7) with what is wrong with the drills.
 */
export async function holdWhileRed(session: Session, results: readonly (PlannedHost | UnplannedHost)[]): Promise<void> {
  const { spec, assets, project } = session;
  if (!spec.backups.drill.blocksDeploys || !results.some((one) => 'plan' in one && changesRelease(one.plan))) return;
  const timer = `${backupPlaces(spec.name).units.drill}.timer`;
  const drilled = spec.hosts.filter((host) =>
    unitsOf(manifestOf(spec, host, assets)).some(({ name }) => name === timer),
  );
  const asked = await askHosts({ hosts: drilled, project }, (connection, host) => statusOf(connection, session, host));
  const held = asked.flatMap((one): readonly Diagnostic[] =>
    'error' in one
      ? one.error.diagnostics
      : one.answer.problems
          .filter(({ about }) => about === 'drill')
          .map(({ message, fix }) => ({
            severity: 'error',
            code: 'backups.drill.held',
            subject: one.host,
            message: `${message}; backups.drill.blocksDeploys holds releases back, and nothing was changed`,
            fix,
          })),
  );
  if (held.length === 0) return;
  // Connections that are left open would keep the process.
  for (const one of results) if ('plan' in one) one.connection.close();
  throw new DiagnosticsError(held, ExitCode.refused);
}
