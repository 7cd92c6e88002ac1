import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { makeArtifacts } from '../apply/artifacts.ts';
import type { ApplyEvent, Listener, Outcome } from '../apply/events.ts';
import { batches, inBatches, type Member, type Pace } from '../apply/fleet.ts';
import { Provider, Rendezvous } from '../apply/rendezvous.ts';
import { releaseOf } from '../compile/release.ts';
import { databaseHostFor, hasRole } from '../compile/topology.ts';
import { type Diagnostic, DiagnosticsError, ExitCode } from '../diagnostic.ts';
import { cacheFolder, manifestOf, type PlanHostOptions, pinned, sourceOf } from '../pipeline.ts';
import { blockers, countChanges, isEmpty } from '../plan/change.ts';
import { changesRelease } from '../plan/together.ts';
import { type Consent, noConsent } from '../plan/tokens.ts';
import { loadAssets } from '../project/assets.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import { planText } from '../report/plan.ts';
import { guardText } from '../report/plan-parts.ts';
import { bundleUpload } from '../resources/release.ts';
import { DigestKey } from '../secrets/digest-key.ts';
import type { Secrets } from '../secrets/fetch.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import { applyOne, type Company, recovered, type Shared } from './apply-one.ts';
import { attachAll } from './attach.ts';
import { type Author, authorOf } from './author.ts';
import { type ConsentOptions, consentOf, refuseStrayTokens } from './consent.ts';
import {
  type CommonOptions,
  colorsOf,
  complaintColorsOf,
  openSession,
  type Session,
  type Terminal,
} from './context.ts';
import { type FleetOptions, paceOf, reporting } from './fleet.ts';
import { holdWhileRed } from './hold.ts';
import { failureOf } from './host-failure.ts';
import { type PlannedHost, planAll, secretsFor, type UnplannedHost } from './plan.ts';
import {
  compareWithSaved,
  goneHosts,
  isGone,
  narrowed,
  optionsOf,
  readSavedPlan,
  type SavedPlan,
  staleTexts,
} from './saved-plan.ts';

interface ApplyOptions extends FleetOptions, ConsentOptions {
  /** Follow an apply instead of beginning one: that with this id, or the newest (true). */
  readonly attach?: string | true;
}

/** Brings every host to what deploy.yaml says. Exit codes: see exitCodeOf; the gravest of all hosts counts. */
export function apply(options: ApplyOptions, terminal: Terminal, planFile?: string): Promise<ExitCode> {
  return reporting(options, terminal, async ({ listen }, stop, mean) => {
    const saved = planFile === undefined ? undefined : readSavedPlan(planFile, await loadAssets());
    const meant = saved ? optionsOf(saved, options, planFile ?? '') : options;
    mean(meant);
    const pace = paceOf(options);
    await applyAll(await openSession(meant, terminal), pace, meant, saved, terminal, listen, stop);
  });
}

/** Builds the program, whether or not a host lacks it, and then does as apply does. */
export function deploy(options: ApplyOptions, terminal: Terminal): Promise<ExitCode> {
  return reporting(options, terminal, async ({ listen }, stop) => {
    const pace = paceOf(options);
    const session = await openSession(options, terminal);
    await buildAhead(session, listen);
    if (!stop.aborted) await applyAll(session, pace, options, undefined, terminal, listen, stop);
  });
}

/** @throws DiagnosticsError when the build fails: then no host has been asked for anything. */
async function buildAhead({ spec, project, hosts, assets }: Session, listen: Listener): Promise<void> {
  const source = await sourceOf(project, spec);
  for (const host of hosts) {
    const release = releaseOf(pinned(manifestOf(spec, host, assets), source));
    if (!release) continue;
    const note = (text: string) => listen({ type: 'note', host: host.name, text });
    await makeArtifacts([bundleUpload(release)], release, source, cacheFolder(project), note);
  }
}

async function applyAll(
  opened: Session,
  pace: Pace,
  options: ApplyOptions,
  saved: SavedPlan | undefined,
  terminal: Terminal,
  listen: Listener,
  stop: AbortSignal,
): Promise<void> {
  const session = saved ? narrowed(opened, saved) : opened;
  const gone = saved ? goneHosts(saved, session.hosts) : [];
  if (options.attach !== undefined) {
    for (const host of gone) stale(host, isGone, listen);
    return attachAll(session, options.attach === true ? undefined : options.attach, listen);
  }
  const consent = consentOf(options);
  const how = { newKey: DigestKey.random, consent };
  // What is missing is said at once, however long a host takes to answer.
  const complete = secretsFor(session, terminal).then(refuseMissing);
  const [secrets, results, author] = await Promise.all([
    complete,
    planAll(session, complete, how),
    setImmediate().then(() => authorOf(session.project.folder, terminal.environment)),
  ]);
  await holdWhileRed(session, results);
  await carryOutAll({ session, results, secrets, how, author, saved, gone, pace }, options, terminal, listen, stop);
}

/** What is carried out on several hosts, and how. */
export interface Work {
  readonly session: Session;
  readonly results: readonly (PlannedHost | UnplannedHost)[];
  readonly secrets: Secrets;
  readonly how: PlanHostOptions;
  readonly author: Author;
  readonly saved?: SavedPlan | undefined;
  /** Hosts of a saved plan that are no hosts of the environment any more. */
  readonly gone?: readonly string[];
  readonly pace: Pace;
}

/** Shows the plans of all hosts, carries them out, and closes their connections. */
export async function carryOutAll(
  { session, results, secrets, how, author, saved, gone = [], pace }: Work,
  options: CommonOptions,
  terminal: Terminal,
  listen: Listener,
  stop: AbortSignal,
): Promise<void> {
  const planned = results.filter((result): result is PlannedHost => 'plan' in result);
  try {
    if (stop.aborted) return;
    if (!options.json) for (const one of planned) terminal.out.write(`${planText(one, colorsOf(terminal))}\n`);
    if (!saved) refuseTokens(planned, results.filter(isUnplanned), how.consent ?? noConsent);
    listen({ type: 'start', hosts: [...results.map(begunAs), ...gone.map((host) => ({ host }))], ...pace });
    const shared: Preparation = {
      session,
      secrets,
      how,
      author,
      listen,
      artifacts: new Map<string, string>(),
      stale: saved
        ? staleTexts(compareWithSaved(saved, planned, results.filter(isUnplanned), session.commandFor))
        : new Map(),
      changing: new Set<string>(),
      company: new Map<string, Company>(),
      complain: complainer(options, terminal),
    };
    const members: Member[] = gone.map((host) => ({
      host,
      settled: stale(host, shared.stale.get(host) ?? isGone, listen),
    }));
    for (const result of results) members.push(await memberOf(result, shared));
    meetInBatches(
      members,
      results.map(({ host }) => host),
      pace,
      shared,
    );
    await inBatches(
      members,
      pace,
      (host, because) => listen(skipped(host, because)),
      stop,
      (hosts) => pausing(pace.pause ?? 0, hosts, listen, stop),
    );
  } finally {
    for (const { connection } of planned) connection.close();
  }
}

/** The time between two batches, in which people may look at the first. */
async function pausing(seconds: number, hosts: readonly string[], listen: Listener, stop: AbortSignal): Promise<void> {
  if (seconds === 0) return;
  for (const host of hosts) listen({ type: 'note', host, text: `begins in ${seconds} s` });
  await sleep(seconds * 1000, undefined, { signal: stop }).catch(() => undefined);
}

/** What it takes to get every host ready, beside what all of them have in common. */
interface Preparation extends Shared {
  readonly artifacts: Map<string, string>;
  /** By host: why a saved plan does not hold any more. */
  readonly stale: ReadonlyMap<string, string>;
  /** Hosts that change their release. */
  readonly changing: Set<string>;
  /** By host: those that it waits for, or that wait for it. */
  readonly company: Map<string, Company>;
  readonly complain: (diagnostics: readonly Diagnostic[]) => void;
}

/**
 * The hosts of a batch that change their release do so together: all, or none. Those whose database is on another host of the batch ask
 * it for nothing before that has its changes.
 */
function meetInBatches(
  members: readonly Member[],
  hosts: readonly ResolvedHostFile[],
  { batch }: Pace,
  { session, changing, company }: Preparation,
): void {
  const { database, hosts: all } = session.spec;
  for (const some of batches(members, batch ?? members.length)) {
    const working = hosts.filter(({ name }) => some.some((one) => one.host === name && 'work' in one));
    const changed = working.filter(({ name }) => changing.has(name)).map(({ name }) => name);
    const rendezvous = changed.length > 1 ? new Rendezvous(changed) : undefined;
    const providers = new Map(
      database?.placement === 'host'
        ? working.filter((host) => hasRole(host, 'database')).map(({ name }) => [name, new Provider()])
        : [],
    );
    for (const host of working) {
      const server = databaseHostFor(all, host)?.name;
      company.set(host.name, {
        together: changing.has(host.name) ? rendezvous : undefined,
        database: server === undefined || server === host.name ? undefined : providers.get(server),
        itself: providers.get(host.name),
      });
    }
  }
}

const begunAs = (result: PlannedHost | UnplannedHost) => ({
  host: result.host.name,
  ...('plan' in result ? { changes: countChanges(result.plan), ...goingLive(result) } : {}),
});

const goingLive = ({ plan, manifest }: PlannedHost) => {
  const release = changesRelease(plan) ? releaseOf(manifest)?.release : undefined;
  return release === undefined ? {} : { release };
};

const complainer =
  ({ json }: CommonOptions, terminal: Terminal): Preparation['complain'] =>
  (diagnostics) => {
    if (!json) terminal.err.write(`${diagnosticsText(diagnostics, complaintColorsOf(terminal))}\n`);
  };

/** A host with its work, or with the outcome that it has without any. */
async function memberOf(result: PlannedHost | UnplannedHost, shared: Preparation): Promise<Member> {
  const host = result.host.name;
  if ('error' in result) return { host, settled: notBegun(host, result.error, shared) };
  const because = shared.stale.get(host);
  if (because !== undefined) return { host, settled: stale(host, because, shared.listen) };
  try {
    const ready = await recovered(result, shared);
    if (typeof ready === 'string') return { host, settled: ready };
    const settled = settledAs(ready, shared.listen);
    if (settled) return { host, settled };
    await addArtifacts(ready, shared);
    if (changesRelease(ready.plan)) shared.changing.add(host);
    return { host, work: (lane) => applyOne(ready, shared, lane, shared.company.get(host) ?? {}) };
  } catch (error) {
    // By then, an apply that was cut off may have been put back.
    const text = result.plan.unfinished === undefined ? nothing : 'nothing new was begun';
    return { host, settled: notBegun(host, failureOf(error, host), shared, text) };
  }
}

/**
 * Refuses tokens that are of no host here. Those of a saved plan are judged with it: where they do not hold any more, it is stale.
 */
function refuseTokens(planned: readonly PlannedHost[], unplanned: readonly UnplannedHost[], consent: Consent): void {
  const bares = planned.map(({ bare }) => bare);
  refuseStrayTokens(
    bares,
    consent,
    unplanned.flatMap(({ error }) => error.diagnostics),
  );
}

const isUnplanned = (result: PlannedHost | UnplannedHost): result is UnplannedHost => 'error' in result;

/** Nothing is begun without the value of every secret. */
function refuseMissing(secrets: Secrets): Secrets {
  if (secrets.problems.size > 0) throw new DiagnosticsError([...secrets.problems.values()], ExitCode.refused);
  return secrets;
}

const nothing = 'nothing was changed';

/** Ends a host that could not be planned or provided for; what is wrong is said first. */
function notBegun(host: string, error: DiagnosticsError, { listen, complain }: Preparation, text = nothing): Outcome {
  const { diagnostics, exitCode } = error;
  complain(diagnostics);
  const outcomes: Partial<Record<ExitCode, Outcome>> = {
    [ExitCode.unreachable]: 'unreachable',
    [ExitCode.refused]: 'refused',
  };
  const outcome = outcomes[exitCode] ?? 'failed';
  listen({ type: 'end', host, outcome, text, milliseconds: 0, diagnostics });
  return outcome;
}

function stale(host: string, text: string, listen: Listener): Outcome {
  listen({ type: 'end', host, outcome: 'stale', text, milliseconds: 0 });
  return 'stale';
}

const skipped = (host: string, because: readonly string[]): ApplyEvent => ({
  type: 'end',
  host,
  outcome: 'skipped',
  text: `not begun, because ${because.join(', ')} did not converge; nothing was changed`,
  milliseconds: 0,
});

/** Ends a host that needs nothing, or on which nothing may be done. */
function settledAs({ plan }: PlannedHost, listen: Listener): Outcome | undefined {
  const blocked = blockers(plan);
  const end = (outcome: Outcome, text: string) => {
    listen({ type: 'end', host: plan.host, outcome, text, milliseconds: 0 });
    return outcome;
  };
  if (blocked.length > 0) {
    const what = blocked.map(({ kind, name, reason }) => `${kind} ${name} ${reason}`).join('; ');
    const way = blocked.every(({ refused }) => refused)
      ? 'change deploy.yaml'
      : 'move it out of the way on the host (or make it readable, or take it over with --adopt)';
    return end('refused', `${what}. Nothing was changed: ${way}, then apply again`);
  }
  const guard = guardText(plan);
  if (guard) return end('refused', `${guard}. Nothing was changed`);
  return isEmpty(plan) ? end('converged', 'nothing to do') : undefined;
}

/** Builds or fetches what a host lacks and no host before it lacked. */
async function addArtifacts(one: PlannedHost, { session, listen, artifacts }: Preparation): Promise<void> {
  const { plan, manifest, source, host } = one;
  const release = releaseOf(manifest);
  const names = plan.steps
    .flatMap(({ uploads }) => uploads)
    .filter((name) => !/^(sha256|secret)-/.test(name) && !artifacts.has(name));
  if (!release || names.length === 0) return;
  const note = (text: string) => listen({ type: 'note', host: host.name, text });
  for (const [name, path] of await makeArtifacts(names, release, source, cacheFolder(session.project), note))
    artifacts.set(name, path);
}
