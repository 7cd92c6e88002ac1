import type { LabHost } from '../../lab/host.ts';
import { writeHostFile } from '../../lab/project.ts';
import { clonesOf } from '../clones.ts';
import { wayTo } from '../distance.ts';
import { measure } from '../measure.ts';
import { bringUp, planOf, type Setting } from '../project.ts';
import { atMost, type Row, row } from '../rows.ts';
import { say } from '../say.ts';

const size = 10;
const roundTrip = 100;

/** Plans of ten hosts beside plans of one of them, near and far. */
export async function tenHosts({ folder, host }: Setting): Promise<Row[]> {
  say(`starting ${size} copies of the host`);
  const clones = await clonesOf(host, size);
  try {
    for (const one of clones.hosts) writeHostFile(folder, 'fleet', one);
    say(`converging them`);
    await bringUp(folder, 'fleet');
    return [...(await near(folder)), ...(await far(folder, clones.hosts))];
  } finally {
    await clones.remove();
  }
}

const near = (folder: string) => oneAndAll(folder, 'fleet', '');

async function far(folder: string, hosts: readonly LabHost[]): Promise<Row[]> {
  const ways = await Promise.all(hosts.map(({ sshPort }) => wayTo(sshPort, roundTrip)));
  try {
    for (const [index, one] of hosts.entries())
      writeHostFile(folder, 'far-fleet', one, { port: ways[index]?.port ?? 0 });
    return await oneAndAll(folder, 'far-fleet', `, ${roundTrip} ms away`);
  } finally {
    for (const way of ways) way.close();
  }
}

async function oneAndAll(folder: string, env: string, where: string): Promise<Row[]> {
  say(`measuring plan of 1 and of ${size} hosts${where}`);
  const programs = [planOf(folder, env, '--host', 'bench-1'), planOf(folder, env)];
  const [ones = [], alls = []] = await measure(programs, { warmUp: 1, counted: 5 });
  return [row(`plan, 1 host${where}`, ones), row(`plan, ${size} hosts${where}`, alls, atMost(2, alls, ones))];
}
