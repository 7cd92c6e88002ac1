import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../lab/project.ts';
import { eventsOf, switchWindow } from './events.ts';
import type { Ground } from './ground.ts';
import type { Window } from './latency.ts';
import type { Verb } from './options.ts';

/** A change of the release that served under load. */
export interface Switch {
  readonly verb: Verb;
  /** From the start of the new instances to the end of the old ones. */
  readonly window: Window;
  /** The whole command. */
  readonly command: Window;
}

/** How long nothing is done between two changes at least, in milliseconds, so that there is something to compare them with. */
const pause = 4000;

/**
 * Deploys and goes back, one after the other, evenly over a time.
 *
 * @param lasts milliseconds that all should take; they take longer where one takes longer than its share.
 * @throws Error when a command does not converge, or the release that serves is the same afterwards.
 */
export async function makeSwitches(
  ground: Ground,
  verbs: readonly Verb[],
  lasts: number,
  say: (text: string) => void,
): Promise<Switch[]> {
  const begun = Date.now();
  const made: Switch[] = [];
  for (const [index, verb] of verbs.entries()) {
    await sleep(Math.max(pause, begun + (lasts * (index + 0.5)) / verbs.length - Date.now()));
    made.push(await makeSwitch(ground, verb));
    say(`${verb} ${index + 1} of ${verbs.length}`);
  }
  await sleep(pause);
  return made;
}

async function makeSwitch(ground: Ground, verb: Verb): Promise<Switch> {
  const before = await ground.live();
  const from = Date.now();
  const run = verb === 'deploy' ? await ground.deploy() : await ground.project.run('rollback', '--json');
  const command = { from, to: Date.now() };
  expectConverged(verb, run);
  if ((await ground.live()) === before) throw new Error(`${verb} changed nothing:\n${run.text}`);
  return { verb, command, window: switchWindow(eventsOf(run.stdout)) };
}

/** @throws Error with what was printed when a command did not converge. */
export function expectConverged(what: string, { exitCode, text }: Run): void {
  if (exitCode !== 0) throw new Error(`${what} ended with ${exitCode}:\n${text}`);
}
