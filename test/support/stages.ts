import { readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureImage, type ImageKind } from '../lab/images.ts';
import { runId, sweep } from '../lab/ownership.ts';
import { ensureDocker, stopDocker } from '../lab/prerequisites.ts';
import type { Release } from '../lab/releases.ts';
import { check } from './check.ts';
import { type ChildOptions, runChild } from './child.ts';
import { sum, type Tally, tallyOf } from './tally.ts';
import { uvuCommand } from './uvu.ts';

const testFiles = '\\.test\\.ts$';

/** Folders that are a stage of their own, or no stage at all. */
const apart = ['service', 'lab', 'data'];

/** The parts of a run, in their order; each returns what its tests came to. */
export const stages = {
  check,
  unit,
  service: () => uvu(uvuCommand('test/service', testFiles)),
  lab: ({ releases }) => hosts('test/lab', testFiles, releases, 'judge'),
} satisfies Record<string, (options: { releases: Release[] }) => Promise<Tally>>;

export type Stage = keyof typeof stages;

/** As many processes at a time as there are cores, each with the tests of a folder; those with the most files first. */
async function unit(): Promise<Tally> {
  const files = testsIn('test', testFiles).map((path) => path.split('/')[0] as string);
  const folders = [...new Set(files)].filter((folder) => !apart.includes(folder));
  const size = (folder: string) => files.filter((one) => one === folder).length;
  const inOrder = folders.sort((a, b) => size(b) - size(a));
  const jobs = inOrder.map((folder) => () => uvu(uvuCommand(`test/${folder}`, testFiles), { prefix: `[${folder}] ` }));
  return sum(await atOnce(availableParallelism(), jobs));
}

/** Files with stories that take the longest begin first, so that none of them is left over at the end. */
const longest = ['backups', 'tls', 'acceptance', 'compiled', 'database', 'rollback', 'fleet', 'together', 'upgrades'];

/**
 * Runs tests on hosts of all releases, a process for each file and release, half as many again at a time as there are cores, because hosts wait
 * much; and ends every host and the Docker Engine that were started for it. `image` is the one that the tests build on (with those it is made
 * of), which is built before, so that no two of them build it.
 */
export async function hosts(
  folder: string,
  pattern: string,
  releases: readonly Release[],
  image: ImageKind,
): Promise<Tally> {
  const { startedHere } = await ensureDocker();
  try {
    await sweep();
    await Promise.all(releases.map((release) => ensureImage(release, image)));
    const isLong = (file: string) => longest.includes(file.replace(testFile, ''));
    const files = testsIn(folder, pattern).sort((a, b) => Number(isLong(b)) - Number(isLong(a)));
    const jobs = files.flatMap((file) => releases.map((release) => () => hostsOf(folder, file, release)));
    return sum(await atOnce(Math.ceil(availableParallelism() * 1.5), jobs));
  } finally {
    await sweep();
    if (startedHere) await stopDocker();
  }
}

function hostsOf(folder: string, file: string, release: Release): Promise<Tally> {
  const env = { LAB_RELEASE: release, FAIRLEAD_LAB_RUN: runId };
  const pattern = `^${file.replaceAll('.', '\\.')}$`;
  return uvu(uvuCommand(folder, pattern), { prefix: `[${release} ${file.replace(testFile, '')}] `, env });
}

const testFile = new RegExp(testFiles);

/** Paths below a folder, relative to it, of the test files that a pattern fits. */
const testsIn = (folder: string, pattern: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => testFile.test(path) && new RegExp(pattern).test(path))
    .sort();

/** Runs jobs in their order, so many at a time. */
async function atOnce<T>(lanes: number, jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const waiting = [...jobs];
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) results.push(await job());
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
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
