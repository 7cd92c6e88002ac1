import { hostname, userInfo } from 'node:os';
import { makeArtifacts } from '../apply/artifacts.ts';
import { artifactBytes, type Parts } from '../apply/bundle.ts';
import { type ApplyEvent, exitCodeOf, type Listener, type Outcome } from '../apply/events.ts';
import { rememberedLines } from '../apply/probe.ts';
import { carryOut, type TransactionResult } from '../apply/transaction.ts';
import { releaseOf } from '../compile/release.ts';
import { DiagnosticsError, ExitCode } from '../diagnostic.ts';
import { cacheFolder, planHost } from '../pipeline.ts';
import { blockers, isEmpty } from '../plan/change.ts';
import { hostScript } from '../project/assets.ts';
import { applyText } from '../report/apply.ts';
import { diagnosticsText } from '../report/diagnostics.ts';
import { planText } from '../report/plan.ts';
import { uploadOf } from '../resources/file.ts';
import { isText } from '../resources/resource.ts';
import { secretUpload } from '../resources/secret.ts';
import { DigestKey } from '../secrets/digest-key.ts';
import type { Secrets } from '../secrets/fetch.ts';
import { type CommonOptions, colorsOf, openSession, type Session, type Terminal } from './context.ts';
import { type PlannedHost, planAll, secretsFor, type UnplannedHost } from './plan.ts';

/** Brings every host to what deploy.yaml says. Exit codes: see exitCodeOf; the gravest of all hosts counts. */
export async function apply(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(options, terminal);
  const colors = colorsOf(terminal);
  const text = applyText(terminal.out, colors);
  const outcomes: Outcome[] = [];
  const listen: Listener = (event) => {
    if (event.type === 'end') outcomes.push(event.outcome);
    if (options.json) terminal.out.write(`${JSON.stringify(event)}\n`);
    else text.listen(event);
  };
  const say = (what: string) => {
    if (!options.json) terminal.out.write(what);
  };
  const secrets = await secretsFor(session, terminal);
  refuseMissing(secrets);
  const results = await planAll(session, Promise.resolve(secrets), DigestKey.random);
  const planned = results.filter((result): result is PlannedHost => 'plan' in result);
  for (const { plan } of planned) say(`${planText(plan, colors)}\n`);
  for (const result of results)
    if ('error' in result) unplanned(result, listen, (what) => terminal.err.write(what), options, terminal);
  try {
    const ready = planned.filter((one) => !settled(one, listen));
    const artifacts = await artifactsFor(session, ready, listen);
    await Promise.all(ready.map((one) => applyOne(one, artifacts, secrets, listen, terminal)));
  } finally {
    text.close();
    for (const { connection } of planned) connection.close();
  }
  return worst(outcomes);
}

/** Nothing is begun without the value of every secret. */
function refuseMissing({ problems }: Secrets): void {
  if (problems.size > 0) throw new DiagnosticsError([...problems.values()], ExitCode.refused);
}

/** The exit code of the gravest outcome: what left hosts half-way first, what changed nothing last. */
export function worst(outcomes: readonly Outcome[]): ExitCode {
  const gravity: readonly Outcome[] = [
    'partial',
    'lost',
    'rolled back',
    'failed',
    'refused',
    'stale',
    'locked',
    'unreachable',
    'converged',
  ];
  const gravest = gravity.find((outcome) => outcomes.includes(outcome));
  return gravest ? exitCodeOf[gravest] : ExitCode.done;
}

function unplanned(
  { host, error }: UnplannedHost,
  listen: Listener,
  complain: (text: string) => void,
  options: CommonOptions,
  terminal: Terminal,
): void {
  if (!options.json) complain(`${diagnosticsText(error.diagnostics, colorsOf(terminal))}\n`);
  const outcome =
    error.exitCode === ExitCode.unreachable
      ? 'unreachable'
      : error.exitCode === ExitCode.refused
        ? 'refused'
        : 'failed';
  const text = options.json ? error.message : 'nothing was changed';
  listen({ type: 'end', host: host.name, outcome, text, milliseconds: 0 });
}

/** Ends the hosts that need nothing, and those on which nothing may be done. */
function settled({ plan }: PlannedHost, listen: Listener): boolean {
  const blocked = blockers(plan);
  const end = (outcome: Outcome, text: string) => {
    listen({ type: 'end', host: plan.host, outcome, text, milliseconds: 0 });
    return true;
  };
  if (blocked.length > 0) {
    const what = blocked.map(({ kind, name, reason }) => `${kind} ${name} ${reason}`).join('; ');
    return end(
      'refused',
      `${what}. Nothing was changed: move it out of the way on the host (or make it readable), then apply again`,
    );
  }
  return isEmpty(plan) ? end('converged', 'nothing to do') : false;
}

/** Builds or fetches, once for all hosts, what any of them lacks. */
async function artifactsFor(
  session: Session,
  hosts: readonly PlannedHost[],
  listen: Listener,
): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const { plan, manifest, source, host } of hosts) {
    const release = releaseOf(manifest);
    const names = plan.steps
      .flatMap(({ uploads }) => uploads)
      .filter((name) => !/^(sha256|secret)-/.test(name) && !all.has(name));
    if (!release || names.length === 0) continue;
    const note = (text: string) => listen({ type: 'note', host: host.name, text });
    for (const [name, path] of await makeArtifacts(names, release, source, cacheFolder(session.project), note))
      all.set(name, path);
  }
  return all;
}

async function applyOne(
  one: PlannedHost,
  artifacts: ReadonlyMap<string, string>,
  secrets: Secrets,
  listen: Listener,
  terminal: Terminal,
): Promise<void> {
  const started = performance.now();
  const parts = partsOf(one, artifacts, secrets, terminal);
  const end = ({ outcome, text }: TransactionResult) =>
    listen({ type: 'end', host: one.host.name, outcome, text, milliseconds: performance.now() - started });
  const lack = lackOfSpace(one, artifactBytes(parts));
  if (lack) return end({ outcome: 'failed', text: lack });
  const stop = onInterrupt(one, parts.id, listen);
  try {
    const result = await carryOut(one.connection, one.plan, parts, hostScript('receive'), listen);
    end(result.outcome === 'converged' ? await confirmed(one, secrets) : result);
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    end({ outcome: 'lost', text: error.message });
  } finally {
    stop();
  }
}

function partsOf(
  { manifest, seen, digestKey }: PlannedHost,
  artifacts: ReadonlyMap<string, string>,
  secrets: Secrets,
  terminal: Terminal,
): Parts {
  const contents = new Map(
    manifest.resources.flatMap((resource) =>
      isText(resource) ? [[uploadOf(resource.content), resource.content] as const] : [],
    ),
  );
  const run = terminal.environment.GITHUB_RUN_ID
    ? ` ${terminal.environment.GITHUB_SERVER_URL}/${terminal.environment.GITHUB_REPOSITORY}/actions/runs/${terminal.environment.GITHUB_RUN_ID}`
    : '';
  return {
    id: `${new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}-${Math.random().toString(16).slice(2, 8)}`.toLowerCase(),
    executor: hostScript('executor'),
    wanted: rememberedLines(manifest, seen.record),
    holder: `${userInfo().username}@${hostname()} since ${new Date().toISOString()}${run}`,
    contents,
    artifacts,
    secrets: new Map([...secrets.values].map(([name, value]) => [secretUpload(name), value])),
    ...(digestKey && !seen.digestKey ? { digestKey } : {}),
  };
}

/** The room that an apply needs beside what it brings: packages and their lists, in KiB. */
const ROOM_KIB = 64 * 1024;

/** Why there is not room enough on the host, before anything is sent. Packed artifacts unpack to about three times their size. */
function lackOfSpace({ seen, host }: PlannedHost, bytes: number): string | undefined {
  const need = bytes === 0 ? 1024 : ROOM_KIB + Math.ceil((bytes / 1024) * 4);
  const short = Object.entries(seen.observed.facts.freeKib).find(([, free]) => free < need);
  if (!short) return undefined;
  const [folder, free] = short;
  return `${host.name} has ${Math.floor(free / 1024)} MB free in ${folder}, and this apply needs ${Math.ceil(need / 1024)} MB; nothing was changed. Make room on the host (df -h), then apply again`;
}

/** Reads the host once more: only a plan that is empty then counts as converged. */
async function confirmed({ connection, manifest }: PlannedHost, secrets: Secrets): Promise<TransactionResult> {
  const { plan } = await planHost(connection, manifest, secrets);
  if (isEmpty(plan)) return { outcome: 'converged', text: '' };
  const open = plan.changes
    .filter(({ action }) => action !== 'none' && action !== 'keep')
    .map(({ kind, name, reason }) => `${kind} ${name} ${reason}`);
  const acts = plan.activations.map(({ unit, reason }) => `${unit}: ${reason}`);
  return {
    outcome: 'partial',
    text: `every step succeeded, but the host is not as planned: ${[...open, ...acts].join('; ')}. Run npm run plan to see the difference`,
  };
}

/** On Ctrl-C: says that the host goes on, and leaves. */
function onInterrupt({ plan }: PlannedHost, id: string, listen: Listener): () => void {
  const leave = () => {
    const text = `interrupted here, but ${plan.host} goes on by itself (there: journalctl -u fairlead-${plan.project}-${id}); run npm run apply again to see how it ended`;
    const event: ApplyEvent = { type: 'end', host: plan.host, outcome: 'lost', text, milliseconds: 0 };
    listen(event);
  };
  process.once('SIGINT', leave);
  return () => process.off('SIGINT', leave);
}
