/**
 * `npm run test:faults`: breaks applies on real hosts at every step, in every way, and prints what came of it. A run that was stopped
 * goes on where it was, and tries once more what failed. docs/faults.md has the method and the results.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LabHost, startHost } from '../lab/host.ts';
import { ensureDocker, stopDocker } from '../lab/prerequisites.ts';
import { LabProject } from '../lab/project.ts';
import { asRelease, type Release, releases } from '../lab/releases.ts';
import { type Ground, tryFault, type Verdict } from './cell.ts';
import { chainNames, tryChain } from './chain.ts';
import { type Fault, type FaultName, faultNames, faults, useSmallDisk } from './faults.ts';
import { empty, keep, type Matrix, passed, summaryOf } from './matrix.ts';
import { refusalNames, tryRefusal } from './refusals.ts';
import { installPackages, type Scenario, type ScenarioName, scenarioNames, scenarios } from './scenarios.ts';
import { leftoversOn, plantLeftovers } from './state.ts';
import { installTrigger } from './trigger.ts';

const help = `usage: npm run test:faults [-- <option>…]

Each option may be given several times; without one, everything is tried.

  --release <release>     ${releases.join(' or ')}
  --scenario <scenario>   ${scenarioNames.join(', ')}, chains or refusals
  --fault <fault>         ${faultNames.join(', ')}
  --step <number>         only these steps, counted from 1
  --stride <number>       of the first apply, every so many steps (default 1)
  --fresh                 forgets what earlier runs found
`;

const { values } = parseArgs({
  options: {
    release: { type: 'string', multiple: true },
    scenario: { type: 'string', multiple: true },
    fault: { type: 'string', multiple: true },
    step: { type: 'string', multiple: true },
    stride: { type: 'string', default: '1' },
    fresh: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const chosen = <Name extends string>(names: readonly Name[], wanted: readonly string[] | undefined) =>
  names.filter((name) => !wanted || wanted.includes(name));
const wantedFaults = chosen(faultNames, values.fault);
const wantedSteps = values.step?.map(Number);
const stateFolder = join(tmpdir(), 'fairlead-faults');
const say = (release: Release, text: string) =>
  console.log(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${release}  ${text}`);

/** All that is tried on one release, one host after the other. */
class Trial {
  private readonly path: string;
  readonly matrix: Matrix;
  private round = 1;
  /** Cells of this run. */
  private readonly tried = new Set<string>();

  constructor(private readonly release: Release) {
    mkdirSync(stateFolder, { recursive: true });
    this.path = join(stateFolder, `${release}.json`);
    if (values.fresh) rmSync(this.path, { force: true });
    this.matrix = existsSync(this.path) ? JSON.parse(readFileSync(this.path, 'utf8')) : empty();
  }

  private save(): void {
    writeFileSync(this.path, JSON.stringify(this.matrix));
  }

  async run(): Promise<void> {
    for (const name of chosen([...scenarioNames, 'chains', 'refusals'] as const, values.scenario)) {
      if (name === 'refusals') await this.refuse();
      else if (name === 'chains') await this.chain();
      else if (scenarios[name].fromBare) await this.fromBare(name);
      else await this.between(name);
    }
  }

  /** Changes of a host that serves: all faults on one host, and those that need a small disk on another. */
  private async between(name: ScenarioName): Promise<void> {
    for (const small of [false, true]) {
      const names = wantedFaults.filter((fault) => Boolean((faults[fault] as Fault).needsSmallDisk) === small);
      if (names.length === 0 || (await this.isDone(name, names))) continue;
      await this.onHost(async (ground) => {
        await this.converged(ground);
        if (small) await useSmallDisk(ground.host);
        await this.countSteps(ground, name);
        for (const fault of names) await this.row(ground, name, fault, { serves: true, converges: true });
      });
    }
  }

  /** First applies: a host is bare again when one was put back; the last one of each fault goes to its end. */
  private async fromBare(name: ScenarioName): Promise<void> {
    for (const fault of wantedFaults) {
      if (await this.isDone(name, [fault])) continue;
      await this.onHost(async (ground) => {
        await installPackages(ground.host);
        if ((faults[fault] as Fault).needsSmallDisk) await useSmallDisk(ground.host);
        await this.countSteps(ground, name);
        await this.row(ground, name, fault, { serves: false, converges: false });
      });
    }
  }

  /** First applies whose followers are lost at each step; the verdict counts for all of them. */
  private async chain(): Promise<void> {
    for (const name of chainNames) {
      if (Object.values(this.matrix.cells.bare?.[name] ?? {}).some(passed)) continue;
      await this.onHost(async (ground) => {
        await this.countSteps(ground, 'bare');
        const steps = this.matrix.steps.bare?.length ?? 0;
        const { struckAt, verdict } = await tryChain(ground, name, steps);
        for (const step of struckAt) keep(this.matrix, 'bare', name, step, verdict);
        this.told(`bare ${name} is lost at ${struckAt.length} of ${steps} steps`, verdict);
      });
    }
  }

  private async row(
    ground: Ground,
    name: ScenarioName,
    faultName: FaultName,
    demands: { serves: boolean; converges: boolean },
  ) {
    const steps = this.stepsOf(name);
    for (const step of steps) {
      if (this.isKnown(name, faultName, step)) continue;
      this.tried.add(`${name} ${faultName} ${step}`);
      const scenario: Scenario = scenarios[name];
      scenario.advance(ground.project, this.round++);
      const converges = demands.converges || step === steps.at(-1);
      const verdict = await tryFault(ground, faults[faultName], step, { ...demands, converges });
      keep(this.matrix, name, faultName, step, verdict);
      this.told(`${name} ${faultName} at ${step}/${this.matrix.steps[name]?.length}`, verdict);
      // What stays of a first apply would be missing in the next one, and nothing may follow what went wrong.
      if (!passed(verdict) || (scenario.fromBare && !converges && !isAsBefore(verdict))) throw new Renew();
    }
  }

  private told(what: string, verdict: Verdict): void {
    this.save();
    const { end, problems, seconds } = verdict;
    say(this.release, `${problems.length === 0 ? '✓' : '✗'} ${what}: ${end} (${seconds.toFixed(0)} s)`);
    for (const problem of problems.slice(0, 8)) say(this.release, `    ${problem}`);
  }

  private stepsOf(name: ScenarioName): number[] {
    const every = scenarios[name].fromBare ? Number(values.stride) : 1;
    return (this.matrix.steps[name] ?? [])
      .map((_, index) => index + 1)
      .filter((step) => (wantedSteps ? wantedSteps.includes(step) : (step - 1) % every === 0));
  }

  private async isDone(name: ScenarioName, names: readonly FaultName[]): Promise<boolean> {
    const steps = this.stepsOf(name);
    return steps.length > 0 && names.every((fault) => steps.every((step) => this.isKnown(name, fault, step)));
  }

  /** What failed in an earlier run is tried once more. */
  private isKnown(name: ScenarioName, fault: FaultName, step: number): boolean {
    const verdict = this.matrix.cells[name]?.[fault]?.[step];
    return verdict !== undefined && (passed(verdict) || this.tried.has(`${name} ${fault} ${step}`));
  }

  private async countSteps({ project }: Ground, name: ScenarioName): Promise<void> {
    scenarios[name].advance(project, this.round);
    const { stdout } = await project.run('plan', '--json');
    this.matrix.steps[name] = JSON.parse(stdout).plans[0].steps.map(({ title }: { title: string }) => title);
    this.save();
  }

  private async converged({ project }: Ground): Promise<void> {
    const { exitCode, text } = await project.run('apply');
    if (exitCode !== 0) throw new Error(`the first apply ended with ${exitCode}: ${text}`);
  }

  private async refuse(): Promise<void> {
    const names = refusalNames.filter((name) => !this.matrix.refusals[name] || !passed(this.matrix.refusals[name]));
    if (names.length === 0) return;
    await this.onHost(async (ground) => {
      await this.converged(ground);
      await this.control(ground.host);
      for (const name of names) {
        const verdict = await tryRefusal(ground, name);
        this.matrix.refusals[name] = verdict;
        this.told(name, verdict);
      }
    });
  }

  /** The search for leftovers finds one of each kind. */
  private async control(host: LabHost): Promise<void> {
    const { planted, tidy } = await plantLeftovers(host);
    const found = (await leftoversOn(host)).length;
    await tidy();
    if (found !== planted) throw new Error(`${found} of ${planted} planted leftovers were found`);
    say(this.release, `${planted} planted leftovers were found`);
  }

  /** Works on a host of its own, and on a new one again when the work asks for that. */
  private async onHost(work: (ground: Ground) => Promise<void>): Promise<void> {
    for (;;) {
      const host = await startHost({ release: this.release, image: 'warm', hostname: 'web-1' });
      const project = new LabProject();
      try {
        project.addHost(host);
        await installTrigger(host);
        return await work({ host, project });
      } catch (error) {
        if (!(error instanceof Renew)) throw error;
      } finally {
        await host.stop();
        project.remove();
      }
    }
  }
}

/** Asks for a new host. */
class Renew extends Error {}

const isAsBefore = ({ end }: Verdict) => /(^|; )end (rolled-back|failed)[^;]*$/.test(end);

if (values.help) {
  console.log(help);
  process.exit(0);
}
// The containers of this process end in its exit handlers.
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

const trials = (values.release?.map(asRelease) ?? releases).map((release) => ({ release, trial: new Trial(release) }));
const { startedHere } = await ensureDocker();
let failed = 0;
try {
  await Promise.all(trials.map(({ trial }) => trial.run()));
} finally {
  for (const { release, trial } of trials) {
    const summary = summaryOf(trial.matrix, release);
    failed += summary.failed;
    console.log(`\n${summary.text}`);
  }
  if (startedHere) await stopDocker();
}
process.exit(failed > 0 ? 1 : 0);
