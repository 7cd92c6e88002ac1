import type { LabHost } from '../lab/host.ts';
import type { LabProject, Run } from '../lab/project.ts';
import type { Fault } from './faults.ts';
import { Sampler } from './sampler.ts';
import { difference, lastEnd, leftoversOn, settled, stateOf } from './state.ts';
import { arm, disarm, struck } from './trigger.ts';

/** A host with its project, whose deploy.yaml already says what is to be applied. */
export interface Ground {
  readonly host: LabHost;
  readonly project: LabProject;
}

/** What one fault at one step came to. */
export interface Verdict {
  /** The end of the transaction that met the fault, as its journal says; `not reached` when the apply was over before. */
  readonly end: string;
  /** What was not as it must be; empty when all was. */
  readonly problems: readonly string[];
  readonly seconds: number;
  /** Requests to the site, and those without an answer while it had to be there. */
  readonly asked: number;
}

/** What is asked of a cell beside the fault itself. */
export interface Demands {
  /** Whether the site answers before, and so has to answer all the time. */
  readonly serves: boolean;
  /** Whether the next apply is run to its end. */
  readonly converges: boolean;
}

/** The exit code that tells each end of a transaction. */
const tells: Readonly<Record<string, number>> = { converged: 0, 'rolled-back': 3, failed: 1, partial: 4 };

/** Exit codes of a client that has lost its host or was killed itself: it cannot know. */
const knowsNothing = [8, -1];

/** Applies, lets the fault strike at a step, and holds what comes of it against what must. */
export async function tryFault(ground: Ground, fault: Fault, step: number, demands: Demands): Promise<Verdict> {
  const { host } = ground;
  const started = performance.now();
  const before = await stateOf(host);
  const sampler = demands.serves ? new Sampler(host.httpPort) : undefined;
  const problems: string[] = [];
  let end = 'not reached';
  try {
    await arm(host, step, fault.point, fault.meets, fault.killsRecovery);
    const { run, away } = await applyWith(ground, fault);
    if (run.struck) {
      end = await lastEnd(host);
      problems.push(...(await judge(ground, fault, run, end, before)));
    } else if (run.exitCode !== 0) problems.push(`the fault did not strike: ${run.text.slice(-500)}`);
    await disarm(host);
    if (demands.converges) problems.push(...(await converge(ground)));
    else if (run.struck && !end.startsWith('end ')) {
      // The next apply would go on with everything, which the last step of each fault shows.
      const late = await recoverNow(ground, before);
      problems.push(...late.problems);
      end = `${end}; ${late.end}`;
    }
    await sampler?.stop();
    problems.push(...missesOf(sampler, away));
  } finally {
    await sampler?.stop();
  }
  return { end, problems, seconds: (performance.now() - started) / 1000, asked: sampler?.asked ?? 0 };
}

/** When the host was away, in milliseconds as Date.now() counts. */
interface Away {
  readonly from: number;
  readonly to: number;
}

async function applyWith(
  { host, project }: Ground,
  fault: Fault,
): Promise<{ run: Run & { struck: boolean }; away: Away | undefined }> {
  const applied = project.run('apply');
  const hit = await Promise.race([struck(host), applied.then(async () => !(await isArmed(host)))]);
  const from = Date.now();
  if (hit) await fault.strike?.(host, project);
  const away = hit && fault.takesTheSiteDown ? { from, to: Date.now() } : undefined;
  const run = await applied;
  await settled(host);
  await fault.mend?.(host);
  return { run: { ...run, struck: hit }, away };
}

/** Lets the host end what was cut off, as the next apply would first. */
async function recoverNow({ host }: Ground, before: string[]): Promise<{ end: string; problems: string[] }> {
  await host.sh(
    'cd /var/lib/fairlead/notes; folder=$(readlink -f unfinished); sh "$folder/executor.sh" "$folder" recover',
  );
  const end = await lastEnd(host);
  const problems = (await leftoversOn(host)).map((line) => `left: ${line}`);
  if (end === 'end rolled-back' || end.startsWith('end failed'))
    problems.push(...difference(before, await stateOf(host)).map((line) => `not put back: ${line}`));
  else if (end.startsWith('end partial')) problems.push(...(await undeclared(host, end)));
  else problems.push(`the next recovery comes to ${end}`);
  return { end, problems };
}

const isArmed = async (host: LabHost) => (await host.exec(['test', '-f', '/run/faults/armed'])).exitCode === 0;

async function judge({ host }: Ground, fault: Fault, run: Run, end: string, before: string[]): Promise<string[]> {
  const [word, outcome = ''] = end.split(' ');
  if (word !== 'end') return mayStayOpen(fault) ? [] : [`the transaction has not ended: ${end}`];
  const problems: string[] = [];
  if (
    !knowsNothing.includes(run.exitCode) &&
    !(fault.killsRecovery && run.exitCode === 4) &&
    run.exitCode !== tells[outcome]
  )
    problems.push(`${end}, but the client ended with ${run.exitCode}: ${run.text.slice(-500)}`);
  if (outcome === 'rolled-back' || outcome === 'failed')
    problems.push(...difference(before, await stateOf(host)).map((line) => `not put back: ${line}`));
  if (outcome === 'partial') problems.push(...(await undeclared(host, end)));
  problems.push(...(await leftoversOn(host)).map((line) => `left: ${line}`));
  return problems;
}

/** Whether the next apply may be the first that can end the transaction. */
const mayStayOpen = (fault: Fault) => Boolean(fault.killsRecovery || fault.takesTheSiteDown || fault.needsSmallDisk);

/** Steps that stay, although the plan calls them reversible. A folder stays with the files that programs wrote to in the meantime. */
async function undeclared(host: LabHost, end: string): Promise<string[]> {
  const folder = '/var/lib/fairlead/notes/transactions';
  const steps = (await host.sh(`cat "${folder}/$(ls ${folder} | tail -n 1)/steps"`)).split('\n');
  const numbers = end.split(' ').slice(2);
  const staying = numbers.map((number) => steps[Number(number) - 1] ?? '').filter((line) => !line.includes('|final|'));
  const empty = await Promise.all(staying.map((line) => isNoFullFolder(host, line)));
  return staying.filter((_, index) => empty[index]).map((line) => `stays, and is reversible: ${line}`);
}

async function isNoFullFolder(host: LabHost, line: string): Promise<boolean> {
  const [, operation, , , path = ''] = line.split('|');
  if (operation !== 'directory') return true;
  const { stdout } = await host.exec(['find', path, '-type', 'f', '-size', '+0']);
  return stdout.trim() === '';
}

/** The next apply brings everything, and then there is nothing to do or to clean up. */
export async function converge({ host, project }: Ground): Promise<string[]> {
  const problems: string[] = [];
  const expect = (run: Run, what: string) => {
    if (run.exitCode !== 0) problems.push(`${what} ended with ${run.exitCode}: ${run.text.slice(-800)}`);
  };
  expect(await project.run('apply'), 'the next apply');
  const [plan, audit] = await Promise.all([project.run('plan'), project.run('audit', 'verify')]);
  expect(plan, 'the plan after it');
  if (!/nothing to do/.test(plan.text)) problems.push(`the plan after it is not empty: ${plan.text.slice(-500)}`);
  expect(audit, 'audit verify');
  problems.push(...(await leftoversOn(host)).map((line) => `left: ${line}`));
  return problems;
}

/** How long a host may take after its boot until the site answers, in milliseconds. */
const warmUp = 15_000;

function missesOf(sampler: Sampler | undefined, away: Away | undefined): string[] {
  if (!sampler) return [];
  const missed = sampler.misses.filter(({ at }) => !away || at < away.from - 500 || at > away.to + warmUp);
  if (missed.length === 0) return [];
  return [
    `${missed.length} of ${sampler.asked} requests failed: ${[...new Set(missed.map(({ said }) => said))].join(', ')}`,
  ];
}
