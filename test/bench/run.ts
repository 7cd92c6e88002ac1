// Measures the program and prints one table: `npm run bench`. With --write, docs/benchmarks.md gets it too. Names of comparisons
// as arguments leave out the others.
import { join } from 'node:path';
import { startHost } from '../lab/host.ts';
import { stopDocker } from '../lab/prerequisites.ts';
import { ensureCommand } from '../support/packages.ts';
import { besidePlan } from './comparisons/change.ts';
import { besideNode, bySize } from './comparisons/compile.ts';
import { byData } from './comparisons/data.ts';
import { byDistance } from './comparisons/distance.ts';
import { tenHosts } from './comparisons/fleet.ts';
import { besideAnsible, besideSsh } from './comparisons/plan.ts';
import { behindProxy } from './comparisons/proxy.ts';
import { writeDocument } from './document.ts';
import { writeKnownHosts } from './floor.ts';
import { gnuTime } from './measure.ts';
import { bringUp, environment, makeProject, manifestFor, type Setting } from './project.ts';
import type { Row } from './rows.ts';
import { say } from './say.ts';
import { machineText, tableText } from './table.ts';

/** In their order: the last ones leave the host with more than the others measure. */
const comparisons: Readonly<Record<string, (setting: Setting) => Promise<Row[]>>> = {
  ssh: besideSsh,
  node: besideNode,
  size: bySize,
  change: besidePlan,
  proxy: behindProxy,
  data: byData,
  ansible: besideAnsible,
  fleet: tenHosts,
  distance: byDistance,
};

// The folders and containers of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = named.filter((word) => !(word in comparisons));
if (unknown.length > 0)
  throw new Error(`no comparison ${unknown.join(', ')}; there are ${Object.keys(comparisons).join(', ')}`);

await ensureCommand(gnuTime, ['time']);
await ensureCommand('ssh', ['openssh-client']);
say('starting a lab host (debian-13, warm)');
const host = await startHost({ release: 'debian-13', image: 'warm', hostname: 'bench-1' });
try {
  const rows = await measureAll(await converged());
  const machine = machineText();
  console.log(`\n${machine}\n\n${tableText(rows)}\n`);
  if (process.argv.includes('--write')) console.log(`written: ${writeDocument(rows, machine, named.length === 0)}`);
  say('done');
} finally {
  await host.stop();
  await stopDocker();
}

async function converged(): Promise<Setting> {
  const folder = await makeProject(host);
  say('applying the project');
  await bringUp(folder);
  const manifest = await manifestFor(folder);
  say(`${manifest.resources.length} resources on one host`);
  const rootfs = join(folder, 'hosts', environment, host.name, 'rootfs');
  return { folder, host, manifest, rootfs, knownHosts: writeKnownHosts(folder, host) };
}

async function measureAll(setting: Setting): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, compare] of Object.entries(comparisons)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const more = await compare(setting);
    for (const cells of more) say(cells.join('  '));
    rows.push(...more);
  }
  return rows;
}
