/** The schedule of a fleet: how many hosts at a time, which are begun after a failure, and in what order outcomes are given. */
import { setImmediate as turn } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { exitCodeOf, type Outcome, worst } from '../../src/apply/events.ts';
import { inBatches, type Member, type Pace } from '../../src/apply/fleet.ts';
import { suite } from '../support/suite.ts';

const test = suite('fleet');

/** What a schedule did, as one word an event: `+a` begun, `-a` ended, `a!b` a skipped because of b. */
interface Ran {
  readonly log: string;
  readonly outcomes: readonly Outcome[];
  readonly most: number;
}

/** Hosts named by letters; an upper-case one is settled, `x` and `X` fail. Of those at work, the one begun last ends first. */
async function run(hosts: string, pace: Pace, stop?: AbortSignal): Promise<Ran> {
  const log: string[] = [];
  const atWork: (() => void)[] = [];
  let most = 0;
  const outcomeOf = (host: string): Outcome => (/x/i.test(host) ? 'rolled back' : 'converged');
  const work = async (host: string) => {
    log.push(`+${host}`);
    await new Promise<void>((end) => {
      most = Math.max(most, atWork.push(end));
    });
    log.push(`-${host}`);
    return outcomeOf(host);
  };
  const members = [...hosts].map((host): Member => {
    return host === host.toUpperCase() ? { host, settled: outcomeOf(host) } : { host, work: () => work(host) };
  });
  let over = false;
  const ran = inBatches(members, pace, (host, because) => log.push(`${host}!${because.join('')}`), stop).finally(() => {
    over = true;
  });
  for (await turn(); !over; await turn()) atWork.pop()?.();
  return { log: log.join(' '), outcomes: await ran, most };
}

const oneByOne = '+a -a +b -b +c -c';
const schedules: readonly (readonly [string, string, Pace, string])[] = [
  ['one at a time in their order', 'abc', { parallel: 1 }, oneByOne],
  ['batches of one, as well', 'abc', { parallel: 10, batch: 1 }, oneByOne],
  ['all at once', 'abc', { parallel: 3 }, '+a +b +c -c -b -a'],
  ['the next host when one ends, not when all do', 'abc', { parallel: 2 }, '+a +b -b +c -c -a'],
  ['batch after batch', 'abcd', { parallel: 10, batch: 2 }, '+a +b -b -a +c +d -d -c'],
  ['a batch with the limit inside', 'abcd', { parallel: 1, batch: 2 }, '+a -a +b -b +c -c +d -d'],
  ['without batches, all others beside a failure', 'axc', { parallel: 1 }, '+a -a +x -x +c -c'],
  ['nothing after a failed batch', 'axcd', { parallel: 1, batch: 1 }, '+a -a +x -x c!x d!x'],
  ['the rest of a batch in which one failed', 'xbcd', { parallel: 1, batch: 2 }, '+x -x +b -b c!x d!x'],
  ['nothing after a host that may not be begun', 'aXc', { parallel: 1, batch: 1 }, '+a -a c!X'],
  ['everything before a host that may not be begun', 'abX', { parallel: 1, batch: 1 }, '+a -a +b -b'],
  ['the batch of a host that may not be begun', 'Xbcd', { parallel: 1, batch: 2 }, '+b -b c!X d!X'],
  ['nothing for hosts that need nothing, also after a failure', 'xAB', { parallel: 1, batch: 1 }, '+x -x'],
  ['no host at all', '', { parallel: 1, batch: 1 }, ''],
];

for (const [name, hosts, pace, expected] of schedules) {
  test(`does ${name}`, async () => {
    const { log, outcomes, most } = await run(hosts, pace);
    assert.is(log, expected);
    assert.is(outcomes.length, hosts.length);
    assert.ok(most <= Math.min(pace.parallel, pace.batch ?? hosts.length));
  });
}

test('reaches the limit, and no more', async () => {
  const hosts = 'abcdefghijklmnopqrstuvw';
  assert.is((await run(hosts, { parallel: 10 })).most, 10);
  assert.is((await run(hosts, { parallel: 100 })).most, hosts.length, 'the control');
});

test('rests before each batch that follows work, and not before one that does not begin', async () => {
  const rests = async (hosts: string) => {
    const log: string[] = [];
    const members = [...hosts].map((host): Member => {
      if (host === host.toUpperCase()) return { host, settled: 'converged' };
      return { host, work: async () => (host === 'x' ? 'failed' : 'converged') };
    });
    const rest = async (next: readonly string[]) => void log.push(next.join(''));
    await inBatches(members, { parallel: 1, batch: 2 }, () => undefined, undefined, rest);
    return log;
  };
  assert.equal(await rests('abcdef'), ['cd', 'ef']);
  assert.equal(await rests('ABcdEFgh'), ['gh'], 'nothing was done before c');
  assert.equal(await rests('axcd'), []);
});

test('gives the outcomes in the order of the hosts', async () => {
  const { log, outcomes } = await run('xbc', { parallel: 3 });
  assert.match(log, '-c -b -x');
  assert.equal(outcomes, ['rolled back', 'converged', 'converged']);
  const skipping = await run('axAc', { parallel: 3, batch: 1 });
  assert.equal(skipping.outcomes, ['converged', 'rolled back', 'converged', 'skipped']);
});

test('begins no host once it is stopped', async () => {
  const stopped = new AbortController();
  stopped.abort();
  const { log, outcomes } = await run('abc', { parallel: 2 }, stopped.signal);
  assert.is(log, '');
  assert.equal(outcomes, ['skipped', 'skipped', 'skipped']);
});

test('lets hosts at work end when the work on one throws, and begins no other', async () => {
  const log: string[] = [];
  const ends = async (host: string) => {
    await turn();
    log.push(host);
    return 'converged' as const;
  };
  const members: Member[] = [
    { host: 'a', work: () => Promise.reject(new Error('a fault')) },
    { host: 'b', work: () => ends('b') },
    { host: 'c', work: () => ends('c') },
  ];
  const thrown = await inBatches(members, { parallel: 2 }, () => undefined).catch((error: Error) => error.message);
  assert.is(thrown, 'a fault');
  assert.equal(log, ['b']);
});

test('ends with the code of the gravest outcome, which a skipped host does not hide', () => {
  assert.is(worst([]), 0);
  assert.is(worst(['converged', 'converged']), 0);
  assert.is(worst(['rolled back', 'skipped']), 3);
  assert.is(worst(['unreachable', 'skipped', 'converged']), 8);
  assert.is(worst(['converged', 'unreachable', 'partial', 'rolled back']), 4);
  for (const outcome of Object.keys(exitCodeOf) as Outcome[]) {
    assert.is(worst([outcome]), exitCodeOf[outcome], outcome);
    assert.is(worst([outcome, 'converged']) === 0, outcome === 'converged', `${outcome} beside a success`);
  }
});

test.run();
