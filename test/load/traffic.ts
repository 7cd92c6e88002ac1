import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../lab/host.ts';
import type { Load, Seen } from './asking.ts';
import type { Report } from './client.ts';
import type { Counts } from './judge.ts';
import type { Window } from './latency.ts';
import { keptOf } from './writes.ts';

/** A load that is over: what it came to, what the clients saw, and when it was. */
export interface Loaded {
  readonly counts: Counts;
  readonly seen: Seen;
  readonly time: Window;
}

const program = fileURLToPath(new URL('client.ts', import.meta.url));

/** A load on a host, by clients in a process of their own. */
export class Traffic {
  private readonly child: ChildProcess;
  private readonly from = Date.now();
  private progress = { requests: 0, failed: 0 };
  private seen: Seen | undefined;
  private readonly ended: Promise<number | null>;

  /** @param host whose database is asked in the end for what was kept. */
  constructor(
    private readonly host: LabHost,
    private readonly load: Load,
  ) {
    this.child = fork(program, { serialization: 'advanced' });
    this.child.on('message', (report: Report) => {
      if ('seen' in report) this.seen = report.seen;
      else this.progress = report;
    });
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    this.child.send(load);
  }

  /** Requests that were asked so far. */
  get requests(): number {
    return this.progress.requests;
  }

  /** Returns when so many requests were asked. @throws Error when the clients are gone. */
  async reach(requests: number): Promise<void> {
    while (this.progress.requests < requests) {
      if (this.child.exitCode !== null) throw new Error(`the clients ended with ${this.child.exitCode}`);
      await sleep(100);
    }
  }

  /** Ends the load, and counts. @throws Error when the clients have not told what they saw. */
  async stop(): Promise<Loaded> {
    if (this.child.connected) this.child.send('stop');
    const code = await this.ended;
    const { seen } = this;
    if (!seen) throw new Error(`the clients ended with ${code} and told nothing`);
    const kept = keptOf(this.load.run, seen.writes, await titlesOn(this.host, this.load.run));
    const counts = { requests: seen.times.length, failed: seen.failures.length, ...kept };
    return { counts, seen, time: { from: this.from, to: Date.now() } };
  }

  /** Ends the clients, whatever they are at. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** The titles of a run that the database has, one for each row. */
async function titlesOn(host: LabHost, run: string): Promise<string[]> {
  const sql = `SELECT title FROM notes WHERE title LIKE '${run}-%'`;
  const rows = await host.sh(`cd / && runuser -u postgres -- psql -XAtq -d notes -c "${sql}"`);
  return rows.split('\n').filter((row) => row !== '');
}

/** How requests failed, and how often. */
export function waysToFail({ failures }: Seen): string {
  const times = new Map<string, number>();
  for (const { said } of failures) times.set(said, (times.get(said) ?? 0) + 1);
  return [...times].map(([said, count]) => `${count} × ${said}`).join(', ');
}
