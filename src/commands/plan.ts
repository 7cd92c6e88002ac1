import type { Source } from '../apply/source.ts';
import { type Diagnostic, DiagnosticsError, ExitCode } from '../diagnostic.ts';
import { type HostPlan, manifestOf, pinned, planHost, sourceOf } from '../pipeline.ts';
import { blockers, isEmpty, type Plan } from '../plan/change.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import { planText } from '../report/plan.ts';
import type { DigestKey } from '../secrets/digest-key.ts';
import { fetchSecrets, type Secrets } from '../secrets/fetch.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import {
  type CommonOptions,
  colorsOf,
  commandLine,
  openSession,
  printJson,
  type Session,
  type Terminal,
} from './context.ts';

/** One host with what was seen and what would be done, and the connection that saw it. */
export interface PlannedHost extends HostPlan {
  readonly host: ResolvedHostFile;
  readonly connection: Connection;
  readonly source: Source;
}

/** A host that could not be planned, and why. */
export interface UnplannedHost {
  readonly host: ResolvedHostFile;
  readonly error: DiagnosticsError;
}

/** Shows what an apply would do to each host. Exit code 0: nothing; 2: changes; 1: an error on any host. */
export async function plan(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const results = await planAll(session, secretsFor(session, terminal));
  for (const result of results) if ('connection' in result) result.connection.close();
  const plans = results.flatMap((result) => ('plan' in result ? [result.plan] : []));
  const diagnostics = results.flatMap((result) => ('error' in result ? result.error.diagnostics : []));
  if (options.json) printJson(terminal, { format: 1, environment: session.spec.environment, plans, diagnostics });
  else report(plans, diagnostics, options, terminal);
  if (diagnostics.length > 0) return ExitCode.error;
  return plans.every(isEmpty) ? ExitCode.done : ExitCode.changes;
}

function report(
  plans: readonly Plan[],
  diagnostics: readonly Diagnostic[],
  options: CommonOptions,
  terminal: Terminal,
): void {
  const colors = colorsOf(terminal);
  terminal.out.write(plans.map((one) => planText(one, colors)).join('\n'));
  if (diagnostics.length > 0) terminal.err.write(`\n${diagnosticsText(diagnostics, colors)}`);
  const open = plans.filter((one) => !isEmpty(one));
  if (open.length > 0 && open.every((one) => blockers(one).length === 0) && diagnostics.length === 0) {
    terminal.out.write(`\n${colors.dim(`to do this: ${commandLine('apply', options)}`)}\n`);
  }
}

/** Fetches the values of all secrets that the hosts of a session need. */
export function secretsFor({ spec, hosts, assets, project }: Session, { environment }: Terminal): Promise<Secrets> {
  const manifests = hosts.map((host) => manifestOf(spec, host, assets));
  return fetchSecrets(manifests, spec, { folder: project.folder, environment });
}

/**
 * Plans every host of a session at once. One host's failure hides no other host.
 *
 * @param newKey see planHost.
 */
export async function planAll(
  session: Session,
  secrets: Promise<Secrets>,
  newKey?: () => DigestKey,
): Promise<(PlannedHost | UnplannedHost)[]> {
  const source = sourceOf(session.project, session.spec);
  return Promise.all(
    session.hosts.map(async (host) => {
      try {
        return await planOne(session, host, source, secrets, newKey);
      } catch (error) {
        if (error instanceof DiagnosticsError) return { host, error };
        throw error;
      }
    }),
  );
}

async function planOne(
  session: Session,
  host: ResolvedHostFile,
  source: Promise<Source>,
  secrets: Promise<Secrets>,
  newKey?: () => DigestKey,
): Promise<PlannedHost> {
  // The connection takes the longest: everything else is done while it opens.
  const { connectSsh } = await import('../transport/ssh.ts');
  const [connection, manifest] = await Promise.all([
    connectSsh(host, session.project.folder),
    source.then((known) => pinned(manifestOf(session.spec, host, session.assets), known)),
  ]);
  try {
    const made = await planHost(connection, manifest, await secrets, newKey);
    return { ...made, host, connection, source: await source };
  } catch (error) {
    connection.close();
    throw error;
  }
}
