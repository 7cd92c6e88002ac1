import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeHostFile } from '../../lab/project.ts';
import { wayTo } from '../distance.ts';
import { floor } from '../floor.ts';
import { type Additions, withMore } from '../many.ts';
import { type Cost, measure, type Program } from '../measure.ts';
import { bringUp, manifestFor, planOf, type Setting } from '../project.ts';
import { atMostRoundTrips, memoryRow, type Row, row } from '../rows.ts';
import { say } from '../say.ts';
import { slope, summary } from '../statistics.ts';

/** Milliseconds there and back. */
const roundTrips = [0, 100, 200];
const shown = 100;

/** Costs by round trip, and what they are of. */
interface Series {
  readonly name: string;
  readonly costs: readonly (readonly Cost[])[];
}

/** What takes the project from its own resources to about 200 and about 1,000; the host has these packages already. */
const growth: readonly ((installed: readonly string[]) => Additions)[] = [
  (installed) => ({ jobs: 24, secrets: 0, workers: 0, instances: 0, admins: 0, packages: installed.slice(0, 43) }),
  (installed) => ({ jobs: 50, secrets: 200, workers: 20, instances: 12, admins: 50, packages: installed }),
];

/**
 * What a plan costs in round trips: by how much more time it takes than they do, for the project as it is and with more
 * resources. The host has the most of them afterwards.
 */
export async function byDistance(setting: Setting): Promise<Row[]> {
  const { folder, host, manifest } = setting;
  const ways = await Promise.all(roundTrips.map((time) => wayTo(host.sshPort, time)));
  try {
    for (const [index, { port }] of ways.entries()) writeHostFile(folder, envOf(index), host, { port });
    const ssh = await Promise.all(ways.map(({ port }) => floor({ ...setting, port })));
    const floors = await series('OpenSSH with one batched probe', ssh);
    const base = await plansOf(folder, manifest.resources.length);
    const more: Series[] = [];
    for (const additions of growth) more.push(await grown(folder, additions(await installedOn(setting))));
    const rows = [rowOf(floors), rowOf(base, base), ...more.map((one) => rowOf(one, base))];
    return [...rows, memoryRow(`${more.at(-1)?.name}, peak memory`, more.at(-1)?.costs.flat() ?? [], 200)];
  } finally {
    for (const way of ways) way.close();
  }
}

const envOf = (index: number) => `far-${roundTrips[index]}`;

async function series(name: string, programs: readonly Program[]): Promise<Series> {
  say(`measuring ${name}, ${roundTrips.join(', ')} ms away`);
  const costs = await measure(programs, { warmUp: 1, counted: 3 });
  say(`${trips(costs).toFixed(1)} round trips`);
  return { name, costs };
}

const plansOf = (folder: string, resources: number) =>
  series(
    `plan of ${resources} resources`,
    roundTrips.map((_, index) => planOf(folder, envOf(index))),
  );

async function grown(folder: string, additions: Additions): Promise<Series> {
  const path = join(folder, 'deploy.yaml');
  writeFileSync(path, withMore(readFileSync(path, 'utf8'), additions));
  const { resources } = await manifestFor(folder);
  say(`applying ${resources.length} resources`);
  await bringUp(folder);
  return plansOf(folder, resources.length);
}

/** Packages that a host has and the project does not name. */
async function installedOn({ host, manifest }: Setting): Promise<string[]> {
  const own = new Set(manifest.resources.flatMap((one) => (one.kind === 'package' ? [one.name] : [])));
  const listed = await host.sh("dpkg --get-selections | sed -n 's/[:\\t].*install$//p'");
  return listed
    .split('\n')
    .filter((name) => name !== '' && !own.has(name))
    .slice(0, 200);
}

function rowOf({ name, costs }: Series, base?: Series): Row {
  const at = costs[roundTrips.indexOf(shown)] ?? [];
  return row(`${name}, ${shown} ms away`, at, atMostRoundTrips(12, trips(costs), base && trips(base.costs)));
}

/** The slope of the time over the round trip: both are milliseconds. */
const trips = (costs: Series['costs']) =>
  slope(costs.map((some, index) => [roundTrips[index] ?? Number.NaN, summary(some).median]));
