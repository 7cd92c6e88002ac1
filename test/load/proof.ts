import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { badReleases, tryBadRelease } from './bad.ts';
import { type Ground, plainSite, site } from './ground.ts';
import { type Criterion, limited, nothingDropped, stated } from './judge.ts';
import { type Latency, latencyOf, quietTimes, within } from './latency.ts';
import { type Combination, type Demand, orderOf } from './options.ts';
import { removePlain, setUpPlain } from './restart.ts';
import { makeSwitches, type Switch } from './switches.ts';
import { type Loaded, Traffic, waysToFail } from './traffic.ts';

/** A load with what was done under it. */
export interface Part {
  readonly what: string;
  readonly loaded: Loaded;
  /** How long requests took while nothing was being changed, and while the release was; only where it is judged. */
  readonly before?: Latency;
  readonly during?: Latency;
  /** Whether it is there for comparison only. */
  readonly compared?: boolean;
}

/** What one combination came to. */
export interface Proof {
  readonly combination: Combination;
  readonly parts: readonly Part[];
  readonly criteria: readonly Criterion[];
}

type Say = (text: string) => void;

/** The first seconds of a load are not measured: connections open, and programs are compiled. In milliseconds. */
const warmUp = 5000;
/** How long after a command nothing counts as quiet, in milliseconds. */
const rest = 500;
/** How often longer than before the slowest hundredth may take while the release changes. */
const slower = 2;

/** Runs the whole proof of a combination on a host. */
export async function prove(ground: Ground, combination: Combination, demand: Demand, say: Say): Promise<Proof> {
  const prover = new Prover(ground, combination, demand, say);
  const parts = [await prover.switches(), ...(await prover.bad()), await prover.restarts()];
  return { combination, parts, criteria: prover.criteria };
}

class Prover {
  readonly criteria: Criterion[] = [];

  constructor(
    private readonly ground: Ground,
    private readonly combination: Combination,
    private readonly demand: Demand,
    private readonly say: Say,
  ) {}

  /** Does something under the load, and counts what came of the requests. */
  private async under<Value>(name: string, work: (traffic: Traffic) => Promise<Value>): Promise<[Loaded, Value]> {
    const { clients, rate } = this.demand;
    const target = this.ground.target(this.combination.protocol, name);
    const run = `load-${randomBytes(4).toString('hex')}`;
    const traffic = new Traffic(this.ground.host, { target, clients, rate, run });
    try {
      const value = await work(traffic);
      return [await traffic.stop(), value];
    } finally {
      traffic.kill();
    }
  }

  /** Good releases come and go. */
  async switches(): Promise<Part> {
    const { deploys, rollbacks, requests, rate } = this.demand;
    const [loaded, switches] = await this.under(site, async (traffic) => {
      await sleep(warmUp);
      const lasts = (requests / rate) * 1000 - warmUp;
      const made = await makeSwitches(this.ground, orderOf(deploys, rollbacks), lasts, this.say);
      await traffic.reach(requests);
      return made;
    });
    const what = `${deploys} deploys, ${rollbacks} rollbacks`;
    const part = { what, loaded, ...latenciesOf(loaded, switches) };
    this.say(`${what}: ${told(loaded)}`);
    this.criteria.push(
      nothingDropped(what, loaded.counts),
      limited('p99 during a switch, against p99 before', part.during.p99 / part.before.p99, slower, {
        digits: 2,
        inclusive: true,
        unit: '×',
      }),
    );
    return part;
  }

  /** Bad releases do not. */
  async bad(): Promise<Part[]> {
    const parts: Part[] = [];
    for (const bad of badReleases) {
      const [loaded, { problems, text }] = await this.under(site, async () => {
        await sleep(warmUp);
        const tried = await tryBadRelease(this.ground, bad);
        await sleep(rest);
        return tried;
      });
      const what = `a release that ${bad.name}`;
      this.say(`${what}: ${[told(loaded), ...problems].join('; ')}${problems.length > 0 ? `\n${text}` : ''}`);
      this.criteria.push(nothingDropped(what, loaded.counts));
      this.criteria.push(
        stated(`${what} goes back`, problems, 'exit code 3, the old release serves, the reason is told'),
      );
      parts.push({ what, loaded });
    }
    return parts;
  }

  /** The same load on a service that is restarted in place. */
  async restarts(): Promise<Part> {
    const { restarts } = this.demand;
    await setUpPlain(this.ground);
    const [loaded] = await this.under(plainSite, async () => {
      for (let number = 1; number <= restarts; number++) {
        await sleep(warmUp);
        await this.ground.host.sh('systemctl restart plain');
      }
      await sleep(warmUp);
    });
    await removePlain(this.ground);
    const what = `for comparison: ${restarts} × systemctl restart`;
    this.say(`${what}: ${told(loaded)}`);
    return { what, loaded, compared: true };
  }
}

/** The times of requests between the changes, and of those during the switches. */
function latenciesOf({ seen, time }: Loaded, switches: readonly Switch[]): { before: Latency; during: Latency } {
  const whole = { from: time.from + warmUp, to: time.to };
  const quiet = quietTimes(
    whole,
    switches.map(({ command }) => command),
    rest,
  );
  const windows = switches.map(({ window }) => window);
  return { before: latencyOf(within(seen, quiet)), during: latencyOf(within(seen, windows)) };
}

function told({ counts, seen }: Loaded): string {
  const { requests, failed, duplicated, lost, unacknowledged } = counts;
  const ways = failed > 0 ? ` (${waysToFail(seen)})` : '';
  const again = seen.resent > 0 ? `, ${seen.resent} sent again that Nginx had not touched` : '';
  return `${requests} requests, ${failed} failed${ways}, ${duplicated} duplicated, ${lost} lost, ${unacknowledged} unacknowledged${again}`;
}
