import { backupPlaces } from '../compile/backups/places.ts';
import { type Diagnostic, DiagnosticsError, ExitCode } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { changesRelease } from '../plan/together.ts';
import { unitsOf } from '../resources/resource.ts';
import { askHosts } from './ask-hosts.ts';
import type { Session } from './context.ts';
import type { PlannedHost, UnplannedHost } from './plan.ts';
import { statusOf } from './status.ts';

/** A host that was planned, or could not be. */
type Result = PlannedHost | UnplannedHost;

/**
 * What holds a release back: a drill that is red, where `backups.drill.blocksDeploys` says so, on any database host of the environment, whichever
 * hosts are meant. No news is red, too. Nothing where no release would change.
 */
export async function heldBack(session: Session, results: readonly Result[]): Promise<readonly Diagnostic[]> {
  const { spec, assets, project } = session;
  if (!spec.backups.drill.blocksDeploys || !results.some((one) => 'plan' in one && changesRelease(one.plan))) return [];
  const timer = `${backupPlaces(spec.name).units.drill}.timer`;
  const drilled = spec.hosts.filter((host) =>
    unitsOf(manifestOf(spec, host, assets)).some(({ name }) => name === timer),
  );
  const asked = await askHosts({ hosts: drilled, project }, (connection, host) => statusOf(connection, session, host));
  return asked.flatMap((one): readonly Diagnostic[] =>
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
}

/** Ends an apply that would bring a release while something holds it back. @throws DiagnosticsError (exit code 7) with what does. */
export async function holdWhileRed(session: Session, results: readonly Result[]): Promise<void> {
  const held = await heldBack(session, results);
  if (held.length === 0) return;
  // Connections that are left open would keep the process.
  for (const one of results) if ('plan' in one) one.connection.close();
  throw new DiagnosticsError(held, ExitCode.refused);
}

/** The same for a plan, which changes nothing anyway: what an apply would be refused for. */
export async function heldWarnings(session: Session, results: readonly Result[]): Promise<readonly Diagnostic[]> {
  const held = await heldBack(session, results);
  return held.map((one) => ({ ...one, severity: 'warning' }));
}
