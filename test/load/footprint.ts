/** What releases cost on a host, and how fast one comes back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLines } from './ask.ts';
import { eventsOf, readinessOf, transactionOf } from './events.ts';
import type { Ground } from './ground.ts';
import { expectConverged } from './switches.ts';

/** How long instances are left alone before their memory is read, in milliseconds. */
const idleTime = 10_000;
/** As many as deploy.yaml says. */
const instances = 2;

/**
 * The resident memory of each instance that serves and was not asked anything for a while, in MB (VmRSS of proc(5)).
 *
 * @throws Error when it cannot be read of every instance.
 */
export async function idleMemory({ host }: Ground): Promise<number[]> {
  await sleep(idleTime);
  const lines = await host.sh(`slot=$(readlink /run/notes/live)
    for unit in $(systemctl list-units --plain --no-legend "notes-$slot@*.service" | cut -d ' ' -f 1); do
      awk '$1 == "VmRSS:" { print $2 }' "/proc/$(systemctl show --property=MainPID --value "$unit")/status"
    done`);
  const sizes = lines.split('\n').flatMap((line) => (Number(line) > 0 ? [(Number(line) * 1024) / 1e6] : []));
  if (sizes.length !== instances) throw new Error(`memory of ${sizes.length} of ${instances} instances: ${lines}`);
  return sizes;
}

/** The disk that releases take, in MiB: one, all that were deployed, and what the host keeps of them. */
export interface Disk {
  readonly one: number;
  readonly all: number;
  readonly kept: number;
}

const asideFolder = '/srv/aside';

/**
 * Deploys so many releases, each with another program and the same dependencies. A host keeps only the newest ones, so each is put aside
 * under further names (hard links), and what all of them take together is measured there.
 */
export async function diskOf(ground: Ground, count: number, say: (text: string) => void): Promise<Disk> {
  const { host } = ground;
  await host.sh(`rm -rf ${asideFolder} && mkdir -p ${asideFolder}/bundles ${asideFolder}/releases`);
  let one = Number.NaN;
  for (let number = 1; number <= count; number++) {
    nextVersion(ground, number);
    expectConverged(`release ${number} of ${count}`, await ground.deploy());
    await host.sh(`release=$(readlink -f /run/notes/release) && bundle=$(dirname "$(readlink -f "$release/app")") &&
      cp -al "$bundle" ${asideFolder}/bundles/ && cp -al "$release" ${asideFolder}/releases/`);
    if (number === 1) one = await taken(ground, asideFolder);
    say(`release ${number} of ${count} with a program of its own`);
  }
  const disk = { one, all: await taken(ground, asideFolder), kept: await taken(ground, '/srv/notes') };
  await host.sh(`rm -rf ${asideFolder}`);
  return disk;
}

async function taken({ host }: Ground, folder: string): Promise<number> {
  return Number((await host.sh(`du -s --block-size=1 ${folder} | cut -f 1`)).trim()) / 2 ** 20;
}

const versionOf = (number: number) => `1.0.${number}`;

/** Gives the program another version, which it tells on its first page, and another file. */
function nextVersion(ground: Ground, number: number): void {
  ground.writeSource('src/round.ts', `export const round = ${number};\n`);
  const path = join(ground.project.folder, 'service', 'package.json');
  const text = readFileSync(path, 'utf8').replace(/"version": "[^"]*"/, `"version": "${versionOf(number)}"`);
  ground.writeSource('package.json', text);
}

/** How long a rollback took, in milliseconds. */
export interface Return {
  /** From the start of the transaction on the host to the first answer of the old release through Nginx. */
  readonly total: number;
  /** Of that, until all instances were ready. */
  readonly readiness: number;
}

/** Goes back from version `from` to the one before, and asks all the time which one answers. */
export async function timeRollback(ground: Ground, from: number): Promise<Return> {
  const watch = new VersionWatch(ground, versionOf(from - 1));
  const run = await ground.project.run('rollback', '--json');
  const answered = await watch.stop();
  expectConverged('the rollback', run);
  if (answered === undefined) throw new Error(`version ${versionOf(from - 1)} never answered`);
  const events = eventsOf(run.stdout);
  const readiness = readinessOf(events);
  const total = answered - (await startedAt(ground, transactionOf(events)));
  if (total < readiness)
    throw new Error(`the old release answered after ${total} ms, and was ready after ${readiness}`);
  return { total, readiness };
}

/** When systemd started the unit of a transaction, as Date.now() counts: the host's clock is this machine's. */
async function startedAt({ host }: Ground, transaction: string): Promise<number> {
  const unit = `fairlead-notes-${transaction}.service`;
  const lines = await host.sh(`journalctl --unit=${unit} --output=short-unix --no-pager --quiet`);
  const seconds = Number(lines.split(' ', 1)[0]);
  if (!(seconds > 0)) throw new Error(`the journal of the host does not know ${unit}`);
  return seconds * 1000;
}

/** Asks through Nginx, a hundred times a second, which version of the program answers. */
class VersionWatch {
  private going = true;
  private first: number | undefined;
  private readonly loop: Promise<void>;

  constructor(
    private readonly ground: Ground,
    private readonly wanted: string,
  ) {
    this.loop = this.run();
  }

  private async run(): Promise<void> {
    const [line] = openLines(this.ground.target('http1'), 1);
    while (this.going && this.first === undefined && line) {
      const { status, body } = await line.ask('GET', '/');
      if (status === 200 && JSON.parse(body).version === this.wanted) this.first = Date.now();
      else await sleep(10);
    }
    line?.close();
  }

  /** When the version first answered; undefined when it never did. */
  async stop(): Promise<number | undefined> {
    this.going = false;
    await this.loop;
    return this.first;
  }
}
