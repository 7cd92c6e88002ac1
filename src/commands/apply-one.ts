import { artifactBytes, type Parts } from '../apply/bundle.ts';
import { isInPlace, type Listener, type Outcome } from '../apply/events.ts';
import type { Lane } from '../apply/fleet.ts';
import { rememberedLines } from '../apply/probe.ts';
import type { Answer, Provider, Rendezvous } from '../apply/rendezvous.ts';
import { carryOut, recoverFrom, type TransactionResult } from '../apply/transaction.ts';
import { storedResources } from '../compile/release.ts';
import { type PlanHostOptions, planHost } from '../pipeline.ts';
import { isEmpty } from '../plan/change.ts';
import { compacted } from '../plan/record.ts';
import { afterDatabase, databasePoint, together } from '../plan/together.ts';
import { noConsent, tokensOf } from '../plan/tokens.ts';
import { gateProgram, hostScript } from '../project/assets.ts';
import { uploadOf } from '../resources/file.ts';
import { isText } from '../resources/resource.ts';
import { secretUpload } from '../resources/secret.ts';
import type { Secrets } from '../secrets/fetch.ts';
import type { ResolvedHostFile } from '../spec/types.ts';
import type { Author } from './author.ts';
import { refuseStrayTokens } from './consent.ts';
import type { Session } from './context.ts';
import type { PlannedHost } from './plan.ts';

/** What the hosts of one apply have in common. */
export interface Shared {
  readonly session: Session;
  readonly secrets: Secrets;
  /** How each host is planned. */
  readonly how: PlanHostOptions;
  readonly author: Author;
  readonly listen: Listener;
  /** Paths by upload name, of what any host lacks. */
  readonly artifacts: ReadonlyMap<string, string>;
}

/**
 * A host whose last transaction was cut off ends that before anything else, and is planned anew. One where somebody is at work,
 * or that cannot end it, is not applied to: its outcome is returned.
 *
 * @throws DiagnosticsError with exit code 7 when a token that was typed for its plan is not of the new one: nobody has seen that.
 */
export async function recovered(
  one: PlannedHost,
  { secrets, how, listen }: Pick<Shared, 'secrets' | 'how' | 'listen'>,
): Promise<PlannedHost | Outcome> {
  const { plan, connection, manifest, host } = one;
  if (plan.unfinished === undefined) return one;
  const started = performance.now();
  const cutOff = { host: host.name, project: plan.project, unfinished: plan.unfinished, follow: one.follow };
  const { outcome, text } = await recoverFrom(connection, cutOff, hostScript('recover'), listen);
  const same = { ...how, scope: one.scope };
  const again = outcome === 'locked' ? undefined : await planHost(connection, manifest, secrets, same);
  if (again && again.plan.unfinished === undefined) {
    refuseStrayTokens([again.bare], tokensOf(one.bare, how.consent ?? noConsent));
    return { ...one, ...again };
  }
  listen({ type: 'end', host: host.name, outcome, text, milliseconds: performance.now() - started });
  return outcome;
}

/** The other hosts of an apply, as far as a host waits for them or they for it. */
export interface Company {
  /** Those that change their release together with it. */
  readonly together?: Rendezvous | undefined;
  /** The one that has its database. */
  readonly database?: Provider | undefined;
  /** Itself, where others have their database on it. */
  readonly itself?: Provider | undefined;
}

/**
 * Carries out the plan of one host. Never throws: whatever goes wrong is about this host, and the others go on, but those that change
 * their release together with it, or have their database on it.
 */
export async function applyOne(one: PlannedHost, shared: Shared, lane: Lane, company: Company): Promise<Outcome> {
  const outcome = await carriedOut(one, shared, lane, company);
  if (isInPlace(outcome)) company.itself?.ready();
  else for (const waiting of [company.together, company.itself]) waiting?.fail(one.host.name, `ended as ${outcome}`);
  return outcome;
}

async function carriedOut(one: PlannedHost, shared: Shared, lane: Lane, company: Company): Promise<Outcome> {
  const { listen } = shared;
  const started = performance.now();
  const parts = partsOf(one, shared);
  const end = ({ outcome, text }: TransactionResult) => {
    listen({ type: 'end', host: one.host.name, outcome, text, milliseconds: performance.now() - started });
    return outcome;
  };
  const lack = lackOfSpace(one, artifactBytes(parts));
  if (lack) return end({ outcome: 'failed', text: lack });
  try {
    const answers = {
      confirm: (id: string) => confirmReach(one.host, one.plan.project, id, shared.session.project.folder),
      hold: (id: string, point: string) => meetAt(one, id, point, lane, company),
    };
    const ordered = company.database ? afterDatabase(one.plan) : one.plan;
    const plan = company.together ? together(ordered) : ordered;
    const result = await carryOut(one.connection, plan, parts, hostScript('receive'), answers, listen, one.follow);
    return end(result.outcome === 'converged' ? await confirmed(one, shared) : result);
  } catch (error) {
    return end({ outcome: 'lost', text: `how it ended is not known: ${(error as Error).message}` });
  }
}

/** How often a host that waits for others is told that somebody is still there; it gives up after a minute. */
const reassureMs = 15_000;

/** When a host waits for those with which it goes live, its database is ready: that came before. */
async function answerAt(host: string, point: string, { together: others, database, itself }: Company): Promise<Answer> {
  if (point === databasePoint) return database?.wait() ?? { go: true };
  itself?.ready();
  return others?.arrive(host, point) ?? { go: true };
}

/** Waits for the other hosts, and tells this one what came of it. */
async function meetAt(
  { connection, host, plan }: PlannedHost,
  id: string,
  point: string,
  lane: Lane,
  company: Company,
) {
  const tell = async (word: string) => {
    const input = `${plan.project}\n${id}\n${point}\n${word}\n`;
    const { code } = await connection.run(hostScript('answer'), { input });
    if (code !== 0) throw new Error(`${host.name} did not take the answer (exit code ${code})`);
  };
  let count = 0;
  // One that cannot be told any more is missed by its own apply, which ends as lost.
  const reassuring = setInterval(() => void tell(`wait ${++count}`).catch(() => undefined), reassureMs);
  try {
    const answer = await lane.aside(answerAt(host.name, point, company));
    clearInterval(reassuring);
    await tell(answer.go ? 'go' : `back ${answer.because}`);
  } finally {
    clearInterval(reassuring);
  }
}

/** Comes in by a connection of its own, with what host.yaml says, and tells the host that this worked. */
export async function confirmReach(
  host: ResolvedHostFile,
  project: string,
  id: string,
  projectFolder: string,
): Promise<void> {
  const { connectSsh } = await import('../transport/ssh.ts');
  const connection = await connectSsh(host, projectFolder);
  try {
    const { code } = await connection.run(hostScript('confirm'), { input: `${project}\n${id}\n` });
    if (code !== 0) throw new Error(`${host.name} did not take the confirmation (exit code ${code})`);
  } finally {
    connection.close();
  }
}

function partsOf(
  { plan, manifest, hash, seen, digestKey, scope }: PlannedHost,
  { artifacts, secrets, author: { who, commit, run } }: Shared,
): Parts {
  const contents = new Map(
    manifest.resources.flatMap((resource) =>
      isText(resource) ? [[uploadOf(resource.content), resource.content] as const] : [],
    ),
  );
  // What a release goes back to is not told by going back.
  const stored = scope ? undefined : storedResources(manifest);
  const short = compacted(seen.record);
  const brought = new Set(plan.steps.flatMap(({ uploads }) => uploads));
  return {
    id: `${new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}-${Math.random().toString(16).slice(2, 8)}`.toLowerCase(),
    executor: hostScript('executor'),
    gate: gateProgram(),
    ...(stored ? { stored: `${JSON.stringify(stored)}\n` } : {}),
    wanted: rememberedLines(manifest, seen.record),
    holder: `${who} since ${new Date().toISOString()}${run ? ` ${run}` : ''}`,
    audit: { who, commit, ...(run ? { run } : {}), plan: hash },
    ...(short ? { compacted: short } : {}),
    contents,
    artifacts: new Map([...artifacts].filter(([name]) => brought.has(name))),
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
async function confirmed(
  { connection, manifest, host, scope }: PlannedHost,
  { secrets, session }: Pick<Shared, 'secrets' | 'session'>,
): Promise<TransactionResult> {
  const { plan } = await planHost(connection, manifest, secrets, { scope });
  if (isEmpty(plan)) return { outcome: 'converged', text: '' };
  const open = plan.changes
    .filter(({ action }) => action !== 'none' && action !== 'keep')
    .map(({ kind, name, reason }) => `${kind} ${name} ${reason}`);
  const acts = plan.activations.map(({ unit, reason }) => `${unit}: ${reason}`);
  return {
    outcome: 'partial',
    text: `every step succeeded, but the host is not as planned: ${[...open, ...acts].join('; ')}. To see the difference: ${session.commandFor('plan', [host.name])}`,
  };
}
