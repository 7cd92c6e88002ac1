import { setImmediate } from 'node:timers/promises';
import { type HostReleases, matching, migrationsPast, previousRelease } from '../apply/releases.ts';
import { readSource } from '../apply/source.ts';
import type { HostManifest } from '../compile/manifest.ts';
import { type Stored, withoutMigrations } from '../compile/release.ts';
import { hasRole } from '../compile/topology.ts';
import { type Diagnostic, DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import { planHost } from '../pipeline.ts';
import { noSecrets } from '../secrets/fetch.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { carryOutAll } from './apply.ts';
import { authorOf } from './author.ts';
import { openSession, type Session, type Terminal } from './context.ts';
import { type FleetOptions, paceOf, reporting } from './fleet.ts';
import { failureOf } from './host-failure.ts';
import type { PlannedHost, UnplannedHost } from './plan.ts';
import { releasesOn } from './releases.ts';

interface RollbackOptions extends FleetOptions {
  /** The beginning of a release's name, or of the commit that it was made from. */
  readonly to?: string;
  /** Goes back although migrations have run that the release may not know how to live with. */
  readonly pastMigrations?: boolean;
}

/**
 * Brings a release back that hosts keep: its program, runtime, environment, units and site, all from the host itself. Exit codes: those
 * of apply.
 */
export function rollback(options: RollbackOptions, terminal: Terminal): Promise<ExitCode> {
  return reporting(options, terminal, async ({ listen }, stop) => {
    const pace = paceOf(options);
    const session = withReleases(await openSession(options, terminal));
    const { prepareLogins } = await import('../transport/ssh.ts');
    await prepareLogins(session.hosts, session.project.folder);
    const [results, author] = await Promise.all([
      planAllBack(session, options),
      setImmediate().then(() => authorOf(session.project.folder, terminal.environment)),
    ]);
    refuseTogether(results);
    await carryOutAll({ session, results, secrets: noSecrets, how: {}, author, pace }, options, terminal, listen, stop);
  });
}

/** Only hosts that run the program. @throws DiagnosticsError when none is meant. */
function withReleases(session: Session): Session {
  const hosts = session.hosts.filter((host) => hasRole(host, 'app') || hasRole(host, 'worker'));
  if (hosts.length > 0) return { ...session, hosts };
  throw failure({
    code: 'rollback.hosts',
    subject: session.hosts.map(({ name }) => name).join(', '),
    message: 'none of these hosts runs the program, so none has a release to go back to',
    fix: 'name hosts with the role app or worker, or none for all',
  });
}

/** A host that has said what it knows of its releases. */
interface Asked {
  readonly host: ResolvedHostFile;
  readonly connection: Connection;
  readonly known: HostReleases;
}

/** Plans all hosts. Migrations run on one host for all of them, so what any host says of them counts for each. */
async function planAllBack(session: Session, options: RollbackOptions): Promise<(PlannedHost | UnplannedHost)[]> {
  const asked = await Promise.all(session.hosts.map((host) => ask(session, host)));
  const migrations = asked.flatMap((one) => ('known' in one ? one.known.migrations : []));
  return Promise.all(
    asked.map((one) =>
      'error' in one ? one : planBack(session, { ...one, known: { ...one.known, migrations } }, options),
    ),
  );
}

async function ask({ project, spec }: Session, host: ResolvedHostFile): Promise<Asked | UnplannedHost> {
  const { connectSsh } = await import('../transport/ssh.ts');
  try {
    const connection = await connectSsh(host, project.folder);
    try {
      return { host, connection, known: await releasesOn(connection, spec.name, host) };
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    return { host, error: failureOf(error, host.name) };
  }
}

async function planBack(
  session: Session,
  { host, connection, known }: Asked,
  options: RollbackOptions,
): Promise<PlannedHost | UnplannedHost> {
  const { spec, project } = session;
  try {
    const target = targetOf(known, host, options.to, session);
    if (!options.pastMigrations) refusePast(target, known, host);
    const { stored, live } = await releasesOn(connection, spec.name, host, target);
    const [there, here] = [stored.get(target), stored.get(live ?? '')];
    if (!there) throw refused(host, `what belongs to the release ${target} was not stored`, `npm run apply`);
    const scope = new Set([...there.resources, ...(here?.resources ?? [])].map(({ id }) => id));
    const manifest = manifestFor(session, host, there, hasServed(target, known));
    const made = await planHost(connection, manifest, noSecrets, { scope });
    refuseUploads(
      made.plan.steps.flatMap(({ uploads }) => uploads),
      host,
      target,
    );
    const follow = session.commandFor('attach', [host.name]);
    const source = await readSource(project.folder, spec.app.source);
    return { ...made, host, connection, compiled: manifest, source, follow, scope };
  } catch (error) {
    connection.close();
    return { host, error: failureOf(error, host.name) };
  }
}

/**
 * Hosts go back together: where one has nothing to go back to, none does. One that cannot be reached keeps nobody.
 *
 * @throws DiagnosticsError with exit code 7.
 */
function refuseTogether(results: readonly (PlannedHost | UnplannedHost)[]): void {
  const errors = results.flatMap((one) => ('error' in one ? [one.error] : []));
  const refusals = errors.filter(({ exitCode }) => exitCode === ExitCode.refused);
  if (refusals.length === 0) return;
  for (const one of results) if ('connection' in one) one.connection.close();
  throw new DiagnosticsError(
    refusals.flatMap(({ diagnostics }) => diagnostics),
    ExitCode.refused,
  );
}

/** The part of a manifest that goes back. What served before need not show for long that it can. */
const manifestFor = (
  { spec }: Session,
  host: ResolvedHostFile,
  { resources }: Stored,
  served: boolean,
): HostManifest => ({
  project: spec.name,
  environment: spec.environment,
  host,
  resources: resources
    .map(withoutMigrations)
    .map((resource) => (resource.kind === 'release' && served ? { ...resource, steady: 0 } : resource)),
  companions: [],
  positions: {},
  partial: true,
});

const hasServed = (release: string, { switches }: HostReleases): boolean =>
  switches.some((one) => one.release === release);

/** @throws DiagnosticsError with exit code 7 when there is no such release, or several are meant. */
function targetOf(releases: HostReleases, host: ResolvedHostFile, to: string | undefined, session: Session): string {
  const list = session.commandFor('releases', [host.name]);
  if (to === undefined) {
    const previous = previousRelease(releases);
    if (previous === undefined)
      throw refused(host, 'no release was live before the one that is, or none of them is kept', list);
    return previous;
  }
  const names = [...new Set(matching(releases, to).map(({ release }) => release))];
  const [only] = names;
  if (only === undefined) throw refused(host, `no release is kept whose name or commit begins with ${to}`, list);
  if (names.length > 1) throw refused(host, `${to} may mean any of the releases ${names.join(', ')}`, list);
  return only;
}

/** @throws DiagnosticsError with exit code 7 when the database may have moved past what a release can run on. */
function refusePast(release: string, known: HostReleases, host: ResolvedHostFile): void {
  const past = migrationsPast(release, known);
  if (past.length === 0) return;
  const what = past.map(({ name, kind }) => `${name === '*' ? 'migrations' : name} (${kind})`).join(', ');
  throw failure(
    {
      code: 'rollback.migrations',
      subject: host.name,
      message: `${host.name}: ${what} ran after the release ${release} was live, and it may need what they took away; nothing was changed`,
      fix: 'go forward with a release that mends what is wrong; or, knowing that this one can live with the database as it is, add --past-migrations',
    },
    ExitCode.refused,
  );
}

/** A release that is not whole any more cannot be made whole from the host alone. */
function refuseUploads(uploads: readonly string[], host: ResolvedHostFile, release: string): void {
  const lacking = uploads.filter((name) => !name.startsWith('sha256-'));
  if (lacking.length === 0) return;
  throw refused(host, `the release ${release} is not whole any more (${lacking.join(', ')} is gone)`, 'npm run apply');
}

const refused = (host: ResolvedHostFile, what: string, typed: string): DiagnosticsError =>
  failure(
    {
      code: 'rollback.release',
      subject: host.name,
      message: `${host.name}: ${what}; nothing was changed`,
      fix: `see what there is to go back to (${typed}), or go forward: npm run apply`,
    } satisfies Omit<Diagnostic, 'severity'>,
    ExitCode.refused,
  );
