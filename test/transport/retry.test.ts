/** Which failures to connect are tried again, how often and after how long; and how many tasks a gate lets through. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { Gate } from '../../src/transport/gate.ts';
import { type Mishap, mishapOf, retryDelay } from '../../src/transport/retry.ts';
import { suite } from '../support/suite.ts';

const test = suite('trying again');

const pauses = (mishap: Mishap, random: number) => {
  const found: number[] = [];
  for (let attempt = 1; attempt < 100; attempt += 1) {
    const pause = retryDelay(mishap, attempt, random);
    if (pause === undefined) return found;
    found.push(pause);
  }
  throw new Error('it never ends');
};

test('pauses double, are spread by chance, and end', () => {
  assert.equal(pauses('dropped', 0), [125, 250, 500, 1000, 2000]);
  assert.equal(pauses('dropped', 0.5), [250, 500, 1000, 2000, 4000]);
  assert.equal(pauses('silent', 0.5), [250]);
  assert.equal(pauses('refused', 0.5), [250]);
  assert.equal(pauses('final', 0.5), []);
});

const failures: [Mishap, string, object][] = [
  ['refused', 'connect ECONNREFUSED 192.0.2.1:22', { code: 'ECONNREFUSED' }],
  ['dropped', 'read ECONNRESET', { code: 'ECONNRESET', level: 'client-socket' }],
  ['dropped', 'write EPIPE', { code: 'EPIPE' }],
  ['dropped', 'Connection lost before handshake', { level: 'protocol' }],
  ['dropped', 'No response from server', { code: 'ETIMEDOUT' }],
  ['silent', 'Timed out while waiting for handshake', { level: 'client-timeout' }],
  ['silent', 'ssh.no-host-certificate: 192.0.2.1:22 shows no host certificate', {}],
  ['final', 'no answer', { code: 'ETIMEDOUT' }],
  ['final', 'connect EHOSTUNREACH', { code: 'EHOSTUNREACH' }],
  ['final', 'getaddrinfo ENOTFOUND nowhere', { code: 'ENOTFOUND' }],
  ['final', 'Host denied (verification failed)', { level: 'handshake' }],
  ['final', 'All configured authentication methods failed', { level: 'client-authentication' }],
  ['final', 'Too many authentication failures', { code: 2 }],
  ['final', 'ssh.host-certificate: it expired', {}],
];

for (const [mishap, message, fields] of failures) {
  test(`"${message}" is ${mishap}`, () => {
    assert.is(mishapOf(Object.assign(new Error(message), fields)), mishap);
  });
}

test('a gate lets so many through at a time, in order, whatever becomes of them', async () => {
  const gate = new Gate(3);
  const begun: number[] = [];
  let [now, most] = [0, 0];
  const task = (number: number) => async () => {
    begun.push(number);
    now += 1;
    most = Math.max(most, now);
    await sleep(2);
    now -= 1;
    if (number % 2) throw new Error('odd');
    return number;
  };
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, number) => gate.pass(task(number))));
  assert.is(most, 3);
  assert.equal(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.is(results.filter(({ status }) => status === 'rejected').length, 5);
  assert.is(await gate.pass(async () => 'open'), 'open');
});

test.run();
