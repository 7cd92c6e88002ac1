import { setImmediate } from 'node:timers/promises';
import { type HostReleases, matching, previousRelease } from '../apply/releases.ts';
import { readSource } from '../apply/source.ts';
import type { HostManifest } from '../compile/manifest.ts';
import { type Stored, withoutMigrations } from '../compile/release.ts';
import { type Diagnostic, type DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import { planHost } from '../pipeline.ts';
import { noSecrets } from '../secrets/fetch.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
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
}

/**
 * Brings a release back that hosts keep: its program, runtime, environment, units and site, all from the host itself. Exit codes: those
 * of apply.
 */
export function rollback(options: RollbackOptions, terminal: Terminal): Promise<ExitCode> {
  return reporting(options, terminal, async ({ listen }, stop) => {
    const pace = paceOf(options);
    const session = await openSession(options, terminal);
    const { prepareLogins } = await import('../transport/ssh.ts');
    await prepareLogins(session.hosts, session.project.folder);
    const [results, author] = await Promise.all([
      Promise.all(session.hosts.map((host) => planBack(session, host, options.to))),
      setImmediate().then(() => authorOf(session.project.folder, terminal.environment)),
    ]);
    await carryOutAll({ session, results, secrets: noSecrets, how: {}, author, pace }, options, terminal, listen, stop);
  });
}

async function planBack(
  session: Session,
  host: ResolvedHostFile,
  to: string | undefined,
): Promise<PlannedHost | UnplannedHost> {
  const { connectSsh } = await import('../transport/ssh.ts');
  const { spec, project } = session;
  try {
    const connection = await connectSsh(host, project.folder);
    try {
      const target = targetOf(await releasesOn(connection, spec.name, host), host, to, session);
      const { stored, live } = await releasesOn(connection, spec.name, host, target);
      const [there, here] = [stored.get(target), stored.get(live ?? '')];
      if (!there) throw refused(host, `what belongs to the release ${target} was not stored`, `npm run apply`);
      const scope = new Set([...there.resources, ...(here?.resources ?? [])].map(({ id }) => id));
      const manifest = manifestFor(session, host, there);
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
      throw error;
    }
  } catch (error) {
    return { host, error: failureOf(error, host.name) };
  }
}

const manifestFor = ({ spec }: Session, host: ResolvedHostFile, { resources }: Stored): HostManifest => ({
  project: spec.name,
  environment: spec.environment,
  host,
  resources: resources.map(withoutMigrations),
  companions: [],
  positions: {},
  partial: true,
});

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
