import type { HostStatus } from '../apply/status/status.ts';
import { backupPlaces } from '../compile/backups/places.ts';
import { type Diagnostic, DiagnosticsError, ExitCode } from '../diagnostic.ts';
import { manifestOf } from '../pipeline.ts';
import { bringsRelease, changesRelease } from '../plan/together.ts';
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
  if (!spec.backups.drill.blocksDeploys || !results.some((one) => 'plan' in one && bringsRelease(one.plan))) return [];
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

/** Hours within which a drill has to have rehearsed an upgrade, and a backup to have been taken. */
const freshHours = 24;

/**
 * What holds an upgrade of a server to another major version back: no fresh backup, no fresh drill that rehearsed it, or a release that would change
 * with it. Going back is held by its own conflict in the plan.
 */
export async function upgradeHeldBack(session: Session, results: readonly Result[]): Promise<readonly Diagnostic[]> {
  const upgrades = results.flatMap((one) => {
    const step = 'plan' in one ? one.plan.steps.find(({ op }) => op === 'postgres_upgrade') : undefined;
    const [, from = '', to = ''] = step?.args ?? [];
    const host = session.spec.hosts.find(({ name }) => 'plan' in one && name === one.plan.host);
    return step && host ? [{ host, from: Number(from), to: Number(to) }] : [];
  });
  if (upgrades.length === 0) return [];
  const held = (subject: string, message: string, fix: string): Diagnostic => ({
    severity: 'error',
    code: 'database.upgrade-held',
    subject,
    message: `${message}, and nothing was changed`,
    fix,
  });
  const released = results.flatMap((one) => ('plan' in one && changesRelease(one.plan) ? [one.plan.host] : []));
  const together = released.map((host) =>
    held(
      host,
      'the server is upgraded by itself, and not together with a release',
      'apply the release with the version of before first, or the upgrade with the release of before',
    ),
  );
  const up = upgrades.filter(({ from, to }) => to > from);
  const asked = await askHosts({ hosts: up.map(({ host }) => host), project: session.project }, (connection, host) =>
    statusOf(connection, session, host),
  );
  const unready = asked.flatMap((one): readonly Diagnostic[] => {
    if ('error' in one) return one.error.diagnostics;
    const { to } = up.find(({ host }) => host.name === one.host)!;
    return unreadyFor(to, one.answer).map((message) => held(one.host, message, upgradeFix(to)));
  });
  return [...together, ...unready];
}

const upgradeFix = (to: number) =>
  `npm run backup, then npm run backup -- drill; the drill rehearses it where an apply with database.upgrades.next: ${to} came before`;

/** What is missing before an upgrade to a version, in words. */
function unreadyFor(to: number, { at, data }: HostStatus): string[] {
  const { backup, drill } = data ?? {};
  const isFresh = (moment: string | undefined) =>
    moment !== undefined && Date.parse(at) - Date.parse(moment) <= freshHours * 3_600_000;
  if (!isFresh(backup?.succeeded)) return [`no backup has succeeded within ${freshHours} hours before an upgrade`];
  if (drill?.result !== 'ok' || !isFresh(drill.succeeded))
    return [`no restore drill has succeeded within ${freshHours} hours before an upgrade`];
  const { upgrade } = drill;
  if (upgrade?.to !== to) return [`the last restore drill has not rehearsed the upgrade to PostgreSQL ${to}`];
  return upgrade.result === 'ok' ? [] : [`the rehearsal of the upgrade to PostgreSQL ${to} failed: ${upgrade.problem}`];
}

const allHeldBack = async (session: Session, results: readonly Result[]) => [
  ...(await heldBack(session, results)),
  ...(await upgradeHeldBack(session, results)),
];

/** Ends an apply that would bring a release or an upgrade while something holds it back. @throws DiagnosticsError (exit code 7) with what does. */
export async function holdWhileRed(session: Session, results: readonly Result[]): Promise<void> {
  const held = await allHeldBack(session, results);
  if (held.length === 0) return;
  // Connections that are left open would keep the process.
  for (const one of results) if ('plan' in one) one.connection.close();
  throw new DiagnosticsError(held, ExitCode.refused);
}

/** The same for a plan, which changes nothing anyway: what an apply would be refused for. */
export async function heldWarnings(session: Session, results: readonly Result[]): Promise<readonly Diagnostic[]> {
  const held = await allHeldBack(session, results);
  return held.map((one) => ({ ...one, severity: 'warning' }));
}
