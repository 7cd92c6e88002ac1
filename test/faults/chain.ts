import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../lab/host.ts';
import type { LabProject, Run } from '../lab/project.ts';
import { converge, type Ground, type Verdict } from './cell.ts';
import { cutConnections } from './faults.ts';
import { ask } from './sampler.ts';
import { lastEnd, leftoversOn, settled } from './state.ts';
import { arm, letGo, letGoUntil, struck } from './trigger.ts';

/** Somebody who follows one apply is lost at each of its steps, and somebody else comes in his place (`apply --attach`). */
export const chains = {
  'each client': (_host: LabHost, project: LabProject) => project.killRunning(),
  'each connection': async (host: LabHost) => {
    await host.sh(cutConnections);
  },
} satisfies Record<string, (host: LabHost, project: LabProject) => Promise<void>>;

export type ChainName = keyof typeof chains;

export const chainNames = Object.keys(chains) as ChainName[];

/** Exit codes of those who lost the host, or were killed. */
const lost = [8, -1];

/**
 * Applies once, and loses whoever follows at every step. The last one follows to the end and confirms the way in, so that the apply
 * has to converge as if nothing had been.
 *
 * @param steps how many the plan has.
 * @returns the steps at which somebody was lost, and what the apply came to.
 */
export async function tryChain(
  { host, project }: Ground,
  name: ChainName,
  steps: number,
): Promise<{ struckAt: readonly number[]; verdict: Verdict }> {
  const started = performance.now();
  const problems: string[] = [];
  const struckAt: number[] = [];
  await arm(host, 1, 'begin', 'hold');
  let following: Promise<Run> = project.run('apply');
  for (let step = 1; step <= steps && (await struck(host)); step++) {
    // One that was lost while it came in tries again by itself, and has to be lost again.
    do {
      await connected(host);
      await chains[name](host, project);
    } while (!(await endsWithin(5000, following)));
    const gone = await following;
    if (!lost.includes(gone.exitCode))
      problems.push(`step ${step}: who was lost ended with ${gone.exitCode}: ${gone.text.slice(-300)}`);
    struckAt.push(step);
    following = project.run('apply', '--attach');
    if (step < steps) await letGoUntil(host, step + 1);
    else await letGo(host);
  }
  if (struckAt.length < steps) problems.push(`only ${struckAt.length} of ${steps} steps were reached`);
  const last = await following;
  await settled(host);
  const end = await lastEnd(host);
  if (last.exitCode !== 0 || end !== 'end converged')
    problems.push(`${end}, and the last who followed ended with ${last.exitCode}: ${last.text.slice(-500)}`);
  problems.push(...(await leftoversOn(host)).map((line) => `left: ${line}`));
  const said = await ask(host.httpPort, '/api/notes');
  if (said !== '200') problems.push(`the site answers ${said}`);
  problems.push(...(await converge({ host, project })));
  return { struckAt, verdict: { end, problems, seconds: (performance.now() - started) / 1000, asked: 1 } };
}

const endsWithin = (milliseconds: number, following: Promise<Run>): Promise<boolean> =>
  Promise.race([following.then(() => true), sleep(milliseconds, false)]);

/** Returns when somebody is logged in: only then is there somebody to be lost. */
const connected = (host: LabHost) =>
  host.sh(`for i in $(seq 300); do
    for process in /proc/[0-9]*; do
      case $(tr '\\0' ' ' <$process/cmdline 2>/dev/null) in *'sshd: root@'* | *'sshd-session: root@'*) exit 0 ;; esac
    done
    sleep 0.1
  done
  echo 'nobody came' >&2; exit 1`);
