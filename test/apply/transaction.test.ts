/** What a client makes of a log of the executor that has no end. */
import * as assert from 'uvu/assert';
import { attachTo } from '../../src/apply/transaction.ts';
import type { Connection } from '../../src/transport/transport.ts';
import { suite } from '../support/suite.ts';

const test = suite('following a transaction');
const followed = { host: 'web-1', project: 'notes', id: undefined, follow: 'npm run apply -- --attach --host web-1' };

/** Follows on a host that prints these lines, and then ends with an exit code. */
function follow(code: number, stderr: string, lines: readonly string[] = []) {
  const connection: Connection = {
    run: async (_script, options) => {
      for (const line of lines) options?.onLine?.(line);
      return { code, stdout: Buffer.alloc(0), stderr };
    },
    close: () => undefined,
  };
  const confirm = async () => undefined;
  return attachTo(connection, followed, 'attach', confirm, () => undefined);
}

test('says what the host said that refused the command', async () => {
  assert.equal(await follow(1, 'sudo: a password is required\nmore\n'), {
    outcome: 'failed',
    text: 'the host did not answer as asked (exit code 1: sudo: a password is required)',
  });
  assert.is((await follow(127, '')).text, 'the host did not answer as asked (exit code 127)');
});

test('knows nothing where the link broke, a signal ended the command, or the host has begun', async () => {
  assert.is((await follow(-1, '')).outcome, 'lost');
  assert.is((await follow(143, '')).outcome, 'lost');
  assert.is((await follow(1, '', ['transaction one 1', 'step 1'])).outcome, 'lost');
});

test('goes by the end of the log, whatever the exit code is', async () => {
  assert.is((await follow(1, '', ['end converged'])).outcome, 'converged');
});

test.run();
