import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Run } from '../lab/project.ts';
import { type DiskState, readDisk } from './disk.ts';
import { lieFile } from './guest.ts';
import type { Image } from './image.ts';
import { type Expectation, halves, lossesOf } from './losses.ts';
import { Machine, type SyncCall } from './machine.ts';
import { type EditionName, editions, MachineProject } from './project.ts';

/** A disk as a power cut would have left it. */
interface Cut {
  readonly call: SyncCall;
  readonly disk: DiskState;
}

/** An apply during which the disk was copied again and again. */
interface Census {
  readonly edition: EditionName;
  readonly before: DiskState;
  readonly after: DiskState;
  readonly cuts: readonly Cut[];
}

/** At which lines of the journal an apply is looked at, and which copy of the disk is kept to be booted: at a line, or when it has ended. */
interface Looks {
  readonly stride: number;
  readonly keep?: number | 'end';
}

/** What is counted, and what was wrong. */
export interface Tally {
  readonly lines: string[];
  readonly faults: string[];
}

/** Within which a site answers again after a boot; emulated, Node.js alone takes a while. */
const secondsToStart = 180;

/** How often an apply is looked at: every so many lines of its journal, and at one call of sync of nineteen in the middle of a step. */
const isCut = ({ number, lines, asked }: SyncCall, stride: number) =>
  asked === '-d journal' ? lines % stride === 2 % stride : number % 19 === 7;

/** Tells the whole story of a release, a virtual machine at a time. */
export class Story {
  readonly tally: Tally = { lines: [], faults: [] };
  private readonly project: MachineProject;
  private machine: Machine;

  constructor(
    private readonly image: Image,
    private readonly folder: string,
  ) {
    this.project = new MachineProject(join(folder, 'project'));
    this.machine = new Machine(image, folder, join(folder, 'disk.raw'));
  }

  async tell(): Promise<void> {
    await execa('cp', ['--sparse=always', this.image.disk, this.machine.disk]);
    await this.boot('first boot');
    const first = await this.census('first', { stride: 8, keep: 100 }, 'a first apply');
    await this.acceptance('first');
    await this.control('second');
    await this.cutOff('third');
    const second = await this.census('second', { stride: 3, keep: 'end' }, 'an apply of changes');
    this.note(`rebooted in ${(await this.machine.reboot()).toFixed(0)} s`);
    await this.acceptance('second', 'after a clean reboot', secondsToStart);
    await this.machine.kill();
    await this.wakeUp('a copy from just after the apply of changes', second);
    await this.wakeUp('a copy from the middle of the first apply', first);
  }

  /** Applies an edition and judges the disk at many moments. */
  private async census(edition: EditionName, looks: Looks, what: string): Promise<Census> {
    const before = await this.written();
    const cuts = await this.applyWatched(edition, looks);
    const after = await this.written();
    const census = { edition, before, after, cuts };
    const faults = cuts.flatMap((cut) =>
      lossesOf(cut.disk, expectationOf(census, cut.call)).map((loss) => at(cut, loss)),
    );
    this.note(`${what}: the power cut at ${cuts.length} moments, ${faults.length} losses`);
    this.fault(...faults);
    return census;
  }

  private async applyWatched(edition: EditionName, { stride, keep }: Looks): Promise<Cut[]> {
    const cuts: Cut[] = [];
    const copy = join(this.folder, 'copy.raw');
    this.machine.onSync = async (call) => {
      const isKept = call.asked === '-d journal' && keep === call.lines;
      if (!isKept && !isCut(call, stride)) return;
      await this.machine.copyDisk(copy);
      if (isKept) await execa('cp', ['--sparse=always', copy, this.kept(edition)]);
      cuts.push({ call, disk: await readDisk(copy) });
      rmSync(copy);
    };
    this.project.write(edition);
    this.expect(await this.project.run('apply'), `apply of the ${edition} edition`);
    if (keep === 'end') await this.machine.copyDisk(this.kept(edition));
    this.machine.onSync = async () => undefined;
    return cuts;
  }

  /** Kills the machine in the middle of an apply, boots it, and sees that it has put itself right. */
  private async cutOff(edition: EditionName): Promise<void> {
    const before = await this.written();
    let cut: SyncCall | undefined;
    this.machine.onSync = async (call) => {
      if (cut || call.asked !== '-d journal' || call.lines !== 15) return;
      cut = call;
      await this.machine.kill();
    };
    this.project.write(edition);
    await this.project.run('apply');
    this.machine.onSync = async () => undefined;
    if (!cut) return this.fault('the apply ended before its power was cut');
    await this.boot('boot after SIGKILL');
    const disk = await this.recovered();
    await this.converges(edition);
    const after = await this.written();
    this.judgeRecovery('killed at line 15', disk, { before, after, lines: cut.lines, folder: cut.folder });
  }

  /** The same with a sync that says yes and does nothing: if this lost nothing, the others would show nothing. */
  private async control(edition: EditionName): Promise<void> {
    const before = await this.written();
    await this.machine.sh(`: >${lieFile}`);
    const cuts = await this.applyWatched(edition, { stride: 3 });
    await this.machine.sh(`rm ${lieFile}`);
    const census: Census = { edition, before, after: await this.written(), cuts };
    const found = cuts.map((cut) => lossesOf(cut.disk, expectationOf(census, cut.call)));
    const losing = found.filter((losses) => losses.length > 0).length;
    const torn = found.filter((losses) => losses.some((loss) => /neither old nor new/.test(loss))).length;
    this.note(`control, where sync does nothing: ${losing} of ${cuts.length} moments lose something, ${torn} a file`);
    this.note(...(found.find((losses) => losses.length > 2) ?? []).slice(0, 5).map((loss) => `  such as: ${loss}`));
    if (torn === 0) this.fault('the control lost no file, so this test shows nothing');
  }

  /** Boots a copy and sees that it has put itself right. */
  private async wakeUp(what: string, census: Census): Promise<void> {
    const { sshPort, httpPort } = this.machine;
    this.machine = new Machine(this.image, this.folder, this.kept(census.edition));
    // The port of SSH stands in the packet filter: the copy is the same host only where it is reached the same way.
    Object.assign(this.machine, { sshPort, httpPort });
    await this.boot(`boot of ${what}`);
    const disk = await this.recovered();
    const folder = census.cuts.at(-1)!.call.folder;
    const ended = this.judgeRecovery(what, disk, { ...census, lines: 0, folder });
    if (ended === 'end converged') await this.acceptance(census.edition, `${what} has booted`, secondsToStart);
    else await this.converges(census.edition);
    await this.machine.kill();
    rmSync(this.machine.disk);
  }

  private kept = (edition: EditionName) => join(this.folder, `kept-${edition}.raw`);

  private async boot(what: string): Promise<void> {
    this.note(`${what}: ${(await this.machine.boot()).toFixed(0)} s`);
    this.project.reach(this.machine);
  }

  /** The disk when the unit that recovers after a boot has done its work. */
  private async recovered(): Promise<DiskState> {
    const unfinished = '[ -L /var/lib/fairlead/notes/unfinished ] && echo yes || echo no';
    for (let tries = 0; (await this.machine.sh(unfinished)) === 'yes' && tries < 600; tries++) await sleep(2000);
    return this.written();
  }

  private judgeRecovery(what: string, disk: DiskState, expected: Expectation): string | undefined {
    const faults = halves(disk, expected);
    const ended = disk.texts.get(`${expected.folder}/journal`)?.trimEnd().split('\n').at(-1);
    this.note(`${what}: the host put itself right (${ended}), ${faults.length} faults`);
    this.fault(...faults.map((fault) => `${what}: ${fault}`));
    return ended;
  }

  private async converges(edition: EditionName): Promise<void> {
    this.project.write(edition);
    this.expect(await this.project.run('apply'), 'apply after the recovery');
    await this.acceptance(edition, 'after the recovery');
  }

  /** @param seconds how long the site may take to answer. */
  private async acceptance(edition: EditionName, when = 'after the apply', seconds = 0): Promise<void> {
    const known = this.tally.faults.length;
    const end = Date.now() + seconds * 1000;
    const ask = () => fetch(`http://localhost:${this.machine.httpPort}/`).then((got) => got.text(), String);
    let answer = await ask();
    while (answer !== editions[edition].answer && Date.now() < end) {
      await sleep(1000);
      answer = await ask();
    }
    if (answer !== editions[edition].answer) this.fault(`${when} the site answers: ${answer}`);
    this.expect(await this.project.run('plan'), `plan ${when}`);
    if (this.tally.faults.length === known) this.note(`${when}: the site answers, the plan is empty`);
  }

  /** Everything that the guest knows, on its disk, and read from there. */
  private async written(): Promise<DiskState> {
    await this.machine.sh('/usr/bin/sync');
    const copy = join(this.folder, 'written.raw');
    await this.machine.copyDisk(copy);
    try {
      return await readDisk(copy);
    } finally {
      rmSync(copy);
    }
  }

  private expect({ exitCode, text }: Run, what: string): void {
    if (exitCode !== 0) this.fault(`${what} ended with ${exitCode}:\n${text.split('\n').slice(-40).join('\n')}`);
  }

  private note(...texts: string[]): void {
    for (const text of texts) console.log(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${text}`);
    this.tally.lines.push(...texts);
  }

  private fault(...texts: string[]): void {
    for (const text of texts) console.log(`  ✗ ${text}`);
    this.tally.faults.push(...texts);
  }
}

const expectationOf = ({ before, after }: Census, { lines, folder }: SyncCall): Expectation => ({
  before,
  after,
  lines,
  folder,
});

const at = ({ call }: Cut, loss: string) => `line ${call.lines}, sync ${call.asked}: ${loss}`;
