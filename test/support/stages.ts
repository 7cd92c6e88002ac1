import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runId, sweep } from '../lab/ownership.ts';
import { ensureDocker, stopDocker } from '../lab/prerequisites.ts';
import type { Release } from '../lab/releases.ts';
import { check } from './check.ts';
import { type ChildOptions, runChild } from './child.ts';
import { sum, type Tally, tallyOf } from './tally.ts';
import { uvuCommand } from './uvu.ts';

const testFiles = '\\.test\\.ts$';

/** The parts of a run, in their order; each returns what its tests came to. */
export const stages = {
  check,
  unit: () => uvu(uvuCommand('test', testFiles, ['^service/', '^lab/', '^data/'])),
  service: () => uvu(uvuCommand('test/service', testFiles)),
  lab: ({ releases }) => hosts('test/lab', testFiles, releases),
} satisfies Record<string, (options: { releases: Release[] }) => Promise<Tally>>;

export type Stage = keyof typeof stages;

/** Runs tests on hosts of all releases side by side, and ends every host and the Docker Engine that were started for it. */
export async function hosts(folder: string, pattern: string, releases: readonly Release[]): Promise<Tally> {
  const { startedHere } = await ensureDocker();
  try {
    await sweep();
    return sum(await Promise.all(releases.map((release) => hostsOf(folder, pattern, release))));
  } finally {
    await sweep();
    if (startedHere) await stopDocker();
  }
}

function hostsOf(folder: string, pattern: string, release: Release): Promise<Tally> {
  const env = { LAB_RELEASE: release, FAIRLEAD_LAB_RUN: runId };
  return uvu(uvuCommand(folder, pattern), { prefix: `[${release}] `, env });
}

/** Runs uvu in a child process, with a temporary folder that ends with it, and counts what its suites recorded. */
async function uvu(command: [string, ...string[]], { env = {}, prefix = '' }: ChildOptions = {}): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  // As /tmp, for the tests that start a database under a user of its own.
  await chmod(folder, 0o1777);
  const file = join(folder, 'tally');
  try {
    const exitCode = await runChild(command, { prefix, env: { ...env, TEST_TALLY: file, TMPDIR: folder } });
    return tallyOf(file, exitCode);
  } finally {
    await rm(folder, { recursive: true });
  }
}
