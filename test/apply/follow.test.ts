/** follow.sh and the scripts that end with it: they go on until the transaction ends, or until nobody reads any more. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { hostScript } from '../../src/project/assets.ts';
import { suite } from '../support/suite.ts';

const test = suite('following on a host');
const root = mkdtempSync(join(tmpdir(), 'fairlead-follow-'));
const folder = join(root, 'home', 'notes', 'transactions', 'one');
const log = join(folder, 'log');

test.after(() => rmSync(root, { recursive: true, force: true }));

/** Begins to follow a transaction whose executor has a process id, 0 for none that is known; it is at work until its log says that it ended. */
function follow(executor: number) {
  for (const one of ['home', 'bin']) rmSync(join(root, one), { recursive: true, force: true });
  for (const one of [folder, join(root, 'bin')]) mkdirSync(one, { recursive: true });
  symlinkSync('transactions/one', join(root, 'home', 'notes', 'unfinished'));
  writeFileSync(join(folder, 'steps'), '1|file|reversible|write it|/a\n');
  writeFileSync(log, 'step 1\n');
  const systemctl = `#!/bin/sh\ncase "$*" in *MainPID*) echo ${executor} ;; *) echo active ;; esac\n`;
  writeFileSync(join(root, 'bin', 'systemctl'), systemctl, { mode: 0o755 });
  return execa('sh', ['-c', hostScript('attach').replaceAll('/var/lib/fairlead', join(root, 'home'))], {
    input: 'notes\none\n',
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}` },
    reject: false,
    buffer: false,
    timeout: 20_000,
  });
}

for (const [name, executor] of [
  ['whose executor is known', process.pid],
  ['whose recovery is at work', 0],
] as const) {
  test(`one ${name} is followed until its end: the control`, async () => {
    const following = follow(executor);
    let printed = '';
    following.stdout.on('data', (data) => {
      printed += data;
    });
    await sleep(1500);
    assert.is(following.exitCode, null, 'it goes on');
    appendFileSync(log, 'done 1 5\nend converged\n');
    assert.is((await following).exitCode, 0);
    assert.is(printed, 'transaction one 1\nplan 1|write it\nstep 1\ndone 1 5\nend converged\n');
  });

  test(`one ${name} is left when nobody reads any more`, async () => {
    const following = follow(executor);
    await new Promise((resolve) => following.stdout.once('data', resolve));
    await sleep(500);
    following.stdout.destroy();
    for (let number = 1; number <= 20 && following.exitCode === null; number++) {
      appendFileSync(log, `note ${number}\n`);
      await sleep(300);
    }
    const { timedOut, durationMs } = await following;
    assert.not(timedOut);
    assert.ok(durationMs < 9000, `${durationMs} ms`);
  });
}

test.run();
