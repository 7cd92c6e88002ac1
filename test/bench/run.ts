// Measures the program and prints one table: `npm run bench`. With --write, docs/benchmarks.md gets it too.
import { join } from 'node:path';
import { startHost } from '../lab/host.ts';
import { stopDocker } from '../lab/prerequisites.ts';
import { ensureCommand } from '../support/packages.ts';
import { ansibleCheck, type Setting } from './ansible/ansible.ts';
import { writeDocument } from './document.ts';
import { floor, writeKnownHosts } from './floor.ts';
import { gnuTime, measure, type Program } from './measure.ts';
import { bringUp, environment, fairlead, makeProject, manifestFor } from './project.ts';
import { atMost, below, fasterThan, memoryRow, missing, type Row, row, within } from './rows.ts';
import { writeScaledProject } from './scale.ts';
import { ratios } from './statistics.ts';
import { machineText, tableText } from './table.ts';

/** No round of the slow comparison starts later than this, in milliseconds since the start of the process. */
const lastStart = 270_000;

const say = (text: string) => console.log(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}`);

/** How many hosts the measured projects have; all have 50 domains. */
const sizes = [10, 50, 200];

// The folders and containers of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

await ensureCommand(gnuTime, ['time']);
await ensureCommand('ssh', ['openssh-client']);
say('starting a lab host (debian-13, warm)');
const host = await startHost({ release: 'debian-13', image: 'warm', hostname: 'bench-1' });
try {
  const rows = await measureAll();
  const [table, machine] = [tableText(rows), machineText()];
  console.log(`\n${machine}\n\n${table}\n`);
  if (process.argv.includes('--write')) console.log(`written: ${writeDocument(table, machine)}`);
} finally {
  await host.stop();
  await stopDocker();
}

async function measureAll(): Promise<Row[]> {
  const folder = await makeProject(host);
  say('applying the project');
  await bringUp(folder);
  const manifest = await manifestFor(folder);
  const knownHosts = writeKnownHosts(folder, host);
  const rootfs = join(folder, 'hosts', environment, host.name, 'rootfs');
  say(`${manifest.resources.length} resources on one host`);
  const command = (verb: string): Program => ({ name: verb, command: fairlead(verb), cwd: folder });
  return [
    ...(await besideSsh(command('plan'), await floor(host, manifest, knownHosts))),
    ...(await besideNode(command('validate'), command('compile'))),
    ...(await bySize()),
    ...(await besideAnsible(command('plan'), { folder, host, manifest, rootfs, knownHosts })),
  ];
}

async function besideSsh(plan: Program, ssh: Program): Promise<Row[]> {
  say(`measuring plan and ${ssh.name}`);
  const [plans = [], floors = []] = await measure([plan, ssh], { warmUp: 2, counted: 11 });
  return [
    row(ssh.name, floors),
    row('plan, nothing to do', plans, atMost(1.5, plans, floors)),
    memoryRow('plan, peak memory', plans, 150),
  ];
}

async function besideNode(validate: Program, compile: Program): Promise<Row[]> {
  say('measuring validate and compile');
  const node: Program = { name: 'node -e 0', command: [process.execPath, '-e', '0'] };
  const [bare = [], ...costs] = await measure([node, validate, compile], { warmUp: 2, counted: 15 });
  const [validates = [], compiles = []] = costs;
  return [
    row('node -e 0', bare),
    row('validate', validates, within(150, validates, bare)),
    row('compile', compiles, within(150, compiles, bare)),
  ];
}

async function bySize(): Promise<Row[]> {
  say(`measuring compile of ${sizes.join(', ')} hosts`);
  const programs = sizes.map(
    (hosts): Program => ({
      name: `compile, ${hosts} hosts`,
      command: fairlead('compile', 'production'),
      cwd: writeScaledProject(hosts),
    }),
  );
  const costs = await measure(programs, { warmUp: 1, counted: 5 });
  return costs.flatMap((ofSize, index) => {
    const name = `compile, ${sizes[index]} hosts`;
    const smaller = costs[index - 1];
    const growth = smaller ? `${ratios(ofSize, smaller).ofMedians.toFixed(1)} × ${sizes[index - 1]} hosts` : '';
    return [row(name, ofSize, below(2000, ofSize, growth)), memoryRow(`${name}, peak memory`, ofSize, 286)];
  });
}

async function besideAnsible(plan: Program, setting: Setting): Promise<Row[]> {
  const what = 'ansible-playbook --check --diff';
  say(`preparing ${what}: Ansible on this machine, Python on the host`);
  try {
    const ansible = await ansibleCheck(setting);
    say(`measuring plan and ${what}`);
    const rounds = { warmUp: 1, counted: 3, until: lastStart };
    const [checks = [], plans = []] = await measure([ansible, plan], rounds);
    if (checks.length === 0) return [missing(what, 'no time was left')];
    return [row(what, checks), row('plan, in turn with it', plans, fasterThan(30, plans, checks))];
  } catch (error) {
    say(`${what} could not be measured: ${(error as Error).message}`);
    return [missing(what, (error as Error).message.split('\n')[0] ?? '')];
  }
}
