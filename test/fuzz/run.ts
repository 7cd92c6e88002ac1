/**
 * `npm run test:fuzz -- --count 10000 --seed 1`: judges generated projects by the real programs, batch by batch, and says in the end what
 * they came to. A run that was stopped goes on where it was when it is started with the same seed.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopDocker } from '../lab/prerequisites.ts';
import { asRelease, type Release, releases } from '../lab/releases.ts';
import { Court, type Objection } from '../lab/validators.ts';
import { type Outcome, outcomeOf } from './compiled.ts';
import { Coverage } from './coverage.ts';
import { assets, chosenSeed, generated } from './generated.ts';
import { judged, keep, signatureOf, smallest } from './judged.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    batch: { type: 'string', default: '50' },
    release: { type: 'string', multiple: true },
  },
});
const [count, batch] = [Number(values.count), Number(values.batch)];
const seed = chosenSeed(values.seed);
const wanted = values.release?.map(asRelease) ?? releases;
const state = join(tmpdir(), `fairlead-fuzz-${seed}-${wanted.join('-')}.json`);

/** How many failures are made small; the others are only counted. */
const mostKept = 5;

/** What is known so far; it is written after each batch. */
interface Tally {
  projects: number;
  compiled: number;
  stuck: number;
  hosts: Record<string, number>;
  asked: Record<string, number>;
  skipped: Record<string, number>;
  keys: Record<string, number>;
  failures: Record<string, { count: number; kept?: string }>;
}

const tally: Tally = existsSync(state)
  ? JSON.parse(readFileSync(state, 'utf8'))
  : { projects: 0, compiled: 0, stuck: 0, hosts: {}, asked: {}, skipped: {}, keys: {}, failures: {} };

const add = (counts: Record<string, number>, name: string, by = 1) => {
  counts[name] = (counts[name] ?? 0) + by;
};

/** Counts a failure, and makes the first of its kind small. */
async function failed(signature: string, small: () => Promise<string>): Promise<void> {
  const known = tally.failures[signature] ?? { count: 0 };
  known.count += 1;
  tally.failures[signature] = known;
  const kept = Object.values(tally.failures).filter((one) => one.kept).length;
  if (known.count > 1 || kept >= mostKept) return;
  known.kept = await small();
  console.log(`\n${signature}\n${known.kept}\n`);
}

function counted(outcomes: readonly Outcome[]): void {
  const coverage = new Coverage(assets.contracts.deploy.schema, assets.contracts.host.schema);
  for (const { project, failure, stuck, manifests } of outcomes) {
    tally.projects += 1;
    if (stuck) tally.stuck += 1;
    if (failure !== undefined) continue;
    tally.compiled += 1;
    coverage.add(project);
    for (const { host } of manifests) add(tally.hosts, host.os);
  }
  for (const [key, uses] of coverage.counts) add(tally.keys, key, uses);
}

async function judgeBatch(courts: ReadonlyMap<Release, Court>, number: number): Promise<void> {
  const outcomes = generated(seed + number, Math.min(batch, count - number * batch)).map(outcomeOf);
  counted(outcomes);
  for (const { project, failure, stuck } of outcomes)
    if (failure !== undefined && !stuck)
      await failed(signatureOf({ judge: 'compile', said: failure }), async () => keep(project, seed + number));
  await Promise.all(
    [...courts].map(async ([release, court]) => {
      const verdict = await judged(court, release, outcomes);
      for (const [name, times] of verdict.asked) add(tally.asked, name, times);
      for (const [name, times] of verdict.skipped) add(tally.skipped, name, times);
      for (const objection of verdict.objections) await object(court, release, outcomes, objection, number);
    }),
  );
}

async function object(
  court: Court,
  release: Release,
  outcomes: readonly Outcome[],
  objection: Objection,
  number: number,
): Promise<void> {
  await failed(signatureOf(objection), async () => {
    const project = outcomes[objection.tree]?.project;
    const how = project ? keep(await smallest(court, release, project, objection), seed + number) : '';
    return `${release}: ${objection.path}\n${objection.said.slice(0, 500)}\n${how}`;
  });
}

function summary(): string {
  const { projects, compiled, stuck, hosts, asked, skipped, keys, failures } = tally;
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, times]) => `${name} ${times}`)
      .join(', ');
  const unused = Object.entries(keys).filter(([, times]) => times === 0);
  return [
    `seed ${seed}: ${projects} projects, ${compiled} compiled, ${stuck} that no repair made valid`,
    `hosts: ${list(hosts)}`,
    `judged: ${list(asked)}`,
    `could not be judged: ${list(skipped) || 'none'}`,
    `keys: ${Object.keys(keys).length - unused.length} of ${Object.keys(keys).length} used; unused: ${unused.map(([key]) => key).join(', ') || 'none'}`,
    `failures: ${Object.keys(failures).length || 'none'}`,
    ...Object.entries(failures).map(([signature, one]) => `  ${one.count} × ${signature}`),
  ].join('\n');
}

// The containers of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

console.log(`${count} projects, seed ${seed}${tally.projects > 0 ? `, going on after ${tally.projects}` : ''}`);
const courts = new Map<Release, Court>();
try {
  for (const release of wanted) courts.set(release, await Court.open(release));
  for (let number = Math.floor(tally.projects / batch); number * batch < count; number++) {
    await judgeBatch(courts, number);
    writeFileSync(state, JSON.stringify(tally));
    const seconds = (performance.now() / 1000).toFixed(0);
    console.log(`${tally.projects} of ${count} in ${seconds} s, ${Object.keys(tally.failures).length} failures`);
  }
} finally {
  await Promise.all([...courts.values()].map((court) => court.close()));
  await stopDocker();
}
console.log(`\n${summary()}`);
rmSync(state);
process.exit(Object.keys(tally.failures).length > 0 ? 1 : 0);
