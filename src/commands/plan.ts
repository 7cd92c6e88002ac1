import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Source } from '../apply/source.ts';
import type { HostManifest } from '../compile/manifest.ts';
import { type Diagnostic, type DiagnosticsError, ExitCode, failure } from '../diagnostic.ts';
import { type HostPlan, manifestOf, type PlanHostOptions, pinned, planHost, sourceOf } from '../pipeline.ts';
import { isApplicable, isEmpty, unread } from '../plan/change.ts';
import { driftOf } from '../plan/drift.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import { driftText, planText } from '../report/plan.ts';
import { planMarkdown } from '../report/plan-markdown.ts';
import { fetchSecrets, type Secrets } from '../secrets/fetch.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Connection } from '../transport/transport.ts';
import { type ConsentOptions, consentOf, refuseStrayTokens } from './consent.ts';
import { colorsOf, commandLine, complaintColorsOf, openSession, type Session, type Terminal } from './context.ts';
import { heldWarnings } from './hold.ts';
import { failureOf } from './host-failure.ts';
import { savedPlanText } from './saved-plan.ts';

/** One host with what was seen and what would be done, and the connection that saw it. */
export interface PlannedHost extends HostPlan {
  readonly host: ResolvedHostFile;
  readonly connection: Connection;
  /** What deploy.yaml compiled to, before anything about values of secrets was known. */
  readonly compiled: HostManifest;
  readonly source: Source;
  /** What to type to follow an apply that is at work there. */
  readonly follow: string;
  /** For a plan of some resources alone: see PlanHostOptions. */
  readonly scope?: ReadonlySet<string>;
}

/** A host that could not be planned, and why. */
export interface UnplannedHost {
  readonly host: ResolvedHostFile;
  readonly error: DiagnosticsError;
}

/** Options of plan beside those of every command. */
export interface PlanOptions extends ConsentOptions {
  /** Where to save the plan. */
  readonly out?: string;
  /** Whether only drift is reported. */
  readonly drift?: boolean;
  readonly format?: 'text' | 'json' | 'markdown';
}

/** What was planned, and what could not be. */
interface Findings {
  readonly planned: readonly PlannedHost[];
  /** Errors of hosts that could not be planned, and warnings about what an apply would be refused for. */
  readonly diagnostics: readonly Diagnostic[];
  readonly exit: ExitCode;
}

/**
 * Shows what an apply would do to each host, or with `drift` what changed there since the last one. Exit code 0: nothing; 2:
 * changes; 1: an error on any host, or something that could not be read.
 */
export async function plan(options: PlanOptions, terminal: Terminal): Promise<ExitCode> {
  refuseContradictions(options);
  const session = await openSession(options, terminal);
  const consent = consentOf(options);
  const results = await planAll(session, secretsFor(session, terminal), { consent });
  for (const result of results) if ('connection' in result) result.connection.close();
  const planned = results.filter((result): result is PlannedHost => 'plan' in result);
  const errors = results.flatMap((result) => ('error' in result ? result.error.diagnostics : []));
  refuseStrayTokens(
    planned.map(({ bare }) => bare),
    consent,
    errors,
  );
  const diagnostics = [...errors, ...(options.drift ? [] : await heldWarnings(session, results))];
  const findings = { planned, diagnostics, exit: exitOf(planned, errors, options.drift === true) };
  // A plan that cannot be saved is an error, and then the only thing that is printed.
  const saved = options.out === undefined ? '' : save(options.out, findings, session, options, terminal);
  terminal.out.write(reports[formatOf(options)](findings, session, options, terminal));
  if (saved) terminal.err.write(saved);
  return findings.exit;
}

const formatOf = ({ format, json }: PlanOptions) => format ?? (json ? 'json' : 'text');

function refuseContradictions({ drift, out }: PlanOptions): void {
  if (!drift || out === undefined) return;
  throw failure({
    code: 'plan.options',
    subject: '--drift',
    message: 'a report of drift is no plan to apply',
    fix: 'leave --drift or --out out',
  });
}

/** The exit code of plan. What nobody could look at is an error, whatever else there is: no answer is not the answer that nothing changed. */
export function exitOf(planned: readonly PlannedHost[], diagnostics: readonly Diagnostic[], drift: boolean): ExitCode {
  const drifts = planned.map(({ plan: one }) => driftOf(one));
  const isUnread = drift
    ? drifts.some(({ unknown }) => unknown.some(({ class: c }) => c === 'unknown'))
    : planned.some(({ plan: one }) => unread(one).some(({ action }) => action === 'none'));
  if (diagnostics.length > 0 || isUnread) return ExitCode.error;
  const isQuiet = drift
    ? drifts.every(({ drifted }) => drifted.length === 0)
    : planned.every(({ plan: one }) => isEmpty(one));
  return isQuiet ? ExitCode.done : ExitCode.changes;
}

type Report = (findings: Findings, session: Session, options: PlanOptions, terminal: Terminal) => string;

const reports: Readonly<Record<'text' | 'json' | 'markdown', Report>> = {
  text: textReport,
  json: ({ planned, diagnostics }, { spec }, { drift }) => {
    const plans = planned.map(({ plan: one, hash }) => ({ ...one, hash }));
    const found = drift ? { drift: plans.map(driftOf) } : { plans };
    return `${JSON.stringify({ format: 1, environment: spec.environment, ...found, diagnostics }, null, 2)}\n`;
  },
  markdown: ({ planned, diagnostics, exit }, { spec }, { drift }) =>
    planMarkdown({
      environment: spec.environment,
      plans: planned,
      diagnostics,
      exit: exitText(exit, drift === true),
      drift: drift === true,
    }),
};

function textReport({ planned, diagnostics }: Findings, _session: Session, options: PlanOptions, terminal: Terminal) {
  const colors = colorsOf(terminal);
  const text = planned.map((one) => (options.drift ? driftText : planText)(one, colors)).join('\n');
  if (diagnostics.length > 0) terminal.err.write(`\n${diagnosticsText(diagnostics, complaintColorsOf(terminal))}`);
  const plans = planned.map(({ plan: one }) => one);
  const open = plans.filter((one) => !isEmpty(one));
  const isReady = open.length > 0 && open.every(isApplicable) && diagnostics.length === 0 && !options.drift;
  return isReady && options.out === undefined ? `${text}\n${colors.dim(`to do this: ${applyLine(options)}`)}\n` : text;
}

/** What to type to do what the plan shows, with what was allowed for it. */
function applyLine(options: PlanOptions): string {
  const { adopt, remove, prune } = options;
  const words = [
    ...(adopt === undefined ? [] : ['--adopt', ...(adopt === true ? [] : adopt)]),
    ...(remove ? ['--remove', ...remove] : []),
    ...(prune ? ['--prune', ...prune] : []),
  ];
  const line = commandLine('apply', options);
  return words.length === 0 ? line : `${line}${line.includes(' -- ') ? '' : ' --'} ${words.join(' ')}`;
}

/** What an exit code of plan means, in a sentence. */
function exitText(exit: ExitCode, drift: boolean): string {
  if (exit === ExitCode.error) return 'Exit code 1: a host, or something on it, could not be read.';
  if (drift)
    return exit === ExitCode.changes
      ? 'Exit code 2: something changed on a host since the last apply.'
      : 'Exit code 0: nothing changed on the hosts since the last apply.';
  return exit === ExitCode.changes
    ? 'Exit code 2: an apply would change something.'
    : 'Exit code 0: the hosts are as deploy.yaml says.';
}

/**
 * Saves the plan of all hosts, or of none, and returns what to say about that.
 *
 * @throws DiagnosticsError when the file cannot be written.
 */
function save(
  path: string,
  { planned, diagnostics }: Findings,
  session: Session,
  options: PlanOptions,
  terminal: Terminal,
): string {
  const colors = complaintColorsOf(terminal);
  if (diagnostics.some(({ severity }) => severity === 'error'))
    return `${colors.yellow('not saved')}: a plan is saved when all its hosts could be planned\n`;
  writeTo(path, savedPlanText(session.spec.environment, consentOf(options), planned));
  const file = options.file === 'deploy.yaml' ? '' : ` --file ${options.file}`;
  return `saved as ${path}; ${colors.dim(`to do this and nothing else: npm run apply -- ${path}${file}`)}\n`;
}

function writeTo(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw failure({
      code: 'plan.unwritable',
      subject: path,
      message: `the plan could not be saved: ${(error as Error).message}`,
      fix: 'name a file in a folder that is there and that you may write to: --out plan.json',
    });
  }
}

/** Fetches the values of all secrets that the hosts of a session need. */
export async function secretsFor(
  { spec, hosts, assets, project }: Session,
  { environment }: Terminal,
): Promise<Secrets> {
  // A command that asks for a value reads the terminal, too: passwords are asked for before.
  const { prepareLogins } = await import('../transport/ssh.ts');
  await prepareLogins(hosts, project.folder);
  // Whoever opens connections in the meantime does not wait until everything is compiled.
  await setImmediate();
  const manifests = hosts.map((host) => manifestOf(spec, host, assets));
  return fetchSecrets(manifests, spec, { folder: project.folder, environment });
}

/**
 * Plans every host of a session at once. One host's failure hides no other host.
 *
 * @param options see planHost.
 */
export async function planAll(
  session: Session,
  secrets: Promise<Secrets>,
  options: PlanHostOptions = {},
): Promise<(PlannedHost | UnplannedHost)[]> {
  // They may fail while somebody still types a password; whoever awaits them says so.
  secrets.catch(() => undefined);
  const { prepareLogins } = await import('../transport/ssh.ts');
  await prepareLogins(session.hosts, session.project.folder);
  // Connections take the longest: they begin first.
  const source = setImmediate().then(() => sourceOf(session.project, session.spec));
  // Where no host is left, nobody awaits it.
  source.catch(() => undefined);
  return Promise.all(
    session.hosts.map(async (host) => {
      try {
        return await planOne(session, host, source, secrets, options);
      } catch (error) {
        return { host, error: failureOf(error, host.name) };
      }
    }),
  );
}

async function planOne(
  session: Session,
  host: ResolvedHostFile,
  source: Promise<Source>,
  secrets: Promise<Secrets>,
  options: PlanHostOptions,
): Promise<PlannedHost> {
  // The connection takes the longest: everything else is done while it opens.
  const { connectSsh } = await import('../transport/ssh.ts');
  const connecting = connectSsh(host, session.project.folder);
  try {
    const [connection, compiled] = await Promise.all([
      connecting,
      source.then((known) => pinned(manifestOf(session.spec, host, session.assets), known)),
    ]);
    const made = await planHost(connection, compiled, await secrets, options);
    const follow = session.commandFor('attach', [host.name]);
    return { ...made, host, connection, compiled, source: await source, follow };
  } catch (error) {
    // It may be opening still.
    connecting.then(
      (connection) => connection.close(),
      () => undefined,
    );
    throw error;
  }
}
