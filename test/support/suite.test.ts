import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { suite } from './suite.ts';
import { uvuCommand } from './uvu.ts';

/** What a file of suite-cases/ must lead to when the runner runs it as it runs every test. */
const cases = [
  { name: 'all-good', exitCode: 0, tally: 'passed passed', why: 'the control: a suite that passes' },
  { name: 'failing-test', exitCode: 1, tally: 'failed passed', why: 'a test that fails' },
  { name: 'throwing-before', exitCode: 1, tally: 'failed failed', why: 'a before hook that throws fails its tests' },
  { name: 'throwing-after', exitCode: 1, tally: 'passed failed', why: 'an after hook that throws' },
  { name: 'throwing-nothing', exitCode: 1, tally: 'failed failed', why: 'tests that throw null and an empty text' },
  { name: 'throwing-nothing-before', exitCode: 1, tally: 'failed failed', why: 'a before hook that throws a text' },
  { name: 'unprintable-difference', exitCode: 1, tally: 'failed failed', why: 'a failure that uvu cannot print' },
  { name: 'skipping', exitCode: 0, tally: 'skipped', why: 'a skip outside CI' },
  { name: 'skipping', exitCode: 1, tally: 'failed', why: 'a skip in CI', ci: true },
  { name: 'forgotten-run', exitCode: 1, tally: 'failed', why: 'a suite whose run() was forgotten' },
  { name: 'throwing-module', exitCode: 1, tally: 'failed', why: 'a test file that throws while it is loaded' },
  { name: 'exiting-early', exitCode: 1, tally: 'failed', why: 'a test that ends the process with 0' },
];

const test = suite('test suites');

for (const { name, exitCode, tally, why, ci } of cases) {
  test(`end with ${exitCode} on ${why}`, async () => {
    const seen = await runCase(name, ci ?? false);
    assert.equal({ exitCode: seen.exitCode, tally: seen.tally }, { exitCode, tally }, seen.output);
  });
}

test.run();

async function runCase(name: string, ci: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-suite-'));
  const file = join(folder, 'tally');
  try {
    const [command, ...args] = uvuCommand('test/support/suite-cases', `^${name}\\.ts$`);
    const env = { TEST_TALLY: file, CI: String(ci) };
    const { exitCode, all } = await execa(command, args, { env, all: true, reject: false });
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    return { exitCode, output: all, tally: lines.map((line) => line.split('\t')[0]).join(' ') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
