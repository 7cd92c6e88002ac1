import * as assert from 'uvu/assert';
import { inBatches } from '../../src/apply/fleet.ts';
import { Provider, Rendezvous } from '../../src/apply/rendezvous.ts';
import { suite } from '../support/suite.ts';

const test = suite('hosts that go on together');
const go = { go: true };

/** Whether a promise is settled by now. */
const isSettled = async (promise: Promise<unknown>) =>
  (await Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(() => resolve(false)))])) ===
  true;

test('wait for the last one at each point', async () => {
  const rendezvous = new Rendezvous(['a', 'b']);
  const first = rendezvous.arrive('a', 'ready');
  assert.not(await isSettled(first));
  assert.equal(await Promise.all([first, rendezvous.arrive('b', 'ready')]), [go, go]);
  const next = rendezvous.arrive('b', 'healthy');
  assert.not(await isSettled(next), 'a has been at the point before only');
  assert.equal(await Promise.all([next, rendezvous.arrive('a', 'healthy')]), [go, go]);
});

test('wait for the one that has what they need, and go back when that failed before it had it', async () => {
  const good = new Provider();
  const waiting = good.wait();
  assert.not(await isSettled(waiting));
  good.ready();
  good.fail('db-1', 'ended as rolled back');
  assert.equal([await waiting, await good.wait()], [go, go]);
  const bad = new Provider();
  bad.fail('db-1', 'ended as rolled back');
  assert.equal(await bad.wait(), { go: false, because: 'db-1 ended as rolled back' });
});

test('go back together, those that wait and those that come later', async () => {
  const rendezvous = new Rendezvous(['a', 'b', 'c']);
  const waiting = rendezvous.arrive('a', 'ready');
  rendezvous.fail('b', 'ended as rolled back');
  rendezvous.fail('a', 'ended as rolled back');
  const back = { go: false, because: 'b ended as rolled back' };
  assert.equal(await waiting, back);
  assert.equal(await rendezvous.arrive('c', 'staged'), back);
});

test('are not stopped by hosts that do not change their release', async () => {
  const rendezvous = new Rendezvous(['a', 'b']);
  rendezvous.fail('database', 'ended as partial');
  assert.equal(await Promise.all([rendezvous.arrive('a', 'ready'), rendezvous.arrive('b', 'ready')]), [go, go]);
});

test('leave their place to others while they wait, so that all of them can come', async () => {
  const hosts = ['a', 'b', 'c'];
  const rendezvous = new Rendezvous(hosts);
  let atWork = 0;
  let most = 0;
  const members = hosts.map((host) => ({
    host,
    work: async (lane: { aside<R>(waiting: Promise<R>): Promise<R> }) => {
      most = Math.max(most, ++atWork);
      const waiting = rendezvous.arrive(host, 'ready');
      atWork -= 1;
      const answer = await lane.aside(waiting);
      most = Math.max(most, ++atWork);
      await new Promise((resolve) => setImmediate(resolve));
      atWork -= 1;
      return answer.go ? ('converged' as const) : ('rolled back' as const);
    },
  }));
  assert.equal(await inBatches(members, { parallel: 1 }, () => undefined), ['converged', 'converged', 'converged']);
  assert.is(most, 1);
});

test.run();
