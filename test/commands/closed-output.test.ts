/** What the command line ends with when nobody reads what it prints. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';

const test = suite('an output that nobody reads');
const program = fileURLToPath(new URL('../../bin/fairlead.js', import.meta.url));

/** The exit code of a command whose output is read, or closed at once. */
const exitCode = (isRead: boolean) =>
  new Promise((exited) => {
    const child = spawn(process.execPath, [program, '--help'], { stdio: ['ignore', 'pipe', 'ignore'] });
    if (isRead) child.stdout.resume();
    else child.stdout.destroy();
    child.on('exit', exited);
  });

test('is no success', async () => {
  assert.is(await exitCode(false), 141);
  assert.is(await exitCode(true), 0, 'the control');
});

test.run();
