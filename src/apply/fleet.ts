import { isInPlace, type Outcome } from './events.ts';

/** How many hosts are worked on at a time, and how many before the next are begun only if all went well. */
export interface Pace {
  /** At least 1. */
  readonly parallel: number;
  /** At least 1; without it all hosts are one batch, and the failure of one stops no other. */
  readonly batch?: number;
  /** Seconds to wait before each batch but the first; 0 without it. */
  readonly pause?: number;
}

/** The place of a host among those that are worked on at a time. */
export interface Lane {
  /** Leaves the place to another host while something else is waited for. */
  aside<Result>(waiting: Promise<Result>): Promise<Result>;
}

/** A host in its place: one that is settled, because it needs no work or none may be done on it, or what brings it to its outcome. */
export type Member = { readonly host: string } & (
  | { readonly settled: Outcome }
  | {
      /** What it throws ends the schedule, once the hosts at work have ended. */
      readonly work: (lane: Lane) => Promise<Outcome>;
    }
);

type Open = Extract<Member, { work: unknown }>;

/**
 * Works on hosts in their order: batch after batch, and within one at most `parallel` at a time. Settled hosts count in their
 * batch: after one that failed, no further batch begins. The hosts of a batch that has begun are all worked on.
 *
 * @param skip called for each host that is not begun, with the hosts whose failure is the reason.
 * @param stop once it is aborted, no further host is begun.
 * @param rest waits before a batch; called with its hosts, for each one with work that may begin, but the first.
 * @returns the outcomes in the order of the hosts, whichever ended first.
 */
export async function inBatches(
  members: readonly Member[],
  pace: Pace,
  skip: (host: string, because: readonly string[]) => void,
  stop?: AbortSignal,
  rest: (hosts: readonly string[]) => Promise<void> = async () => undefined,
): Promise<Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  let worked = false;
  for (const batch of batches(members, pace.batch ?? members.length)) {
    const failed = failedIn(members, outcomes);
    for (const one of batch) if ('settled' in one) outcomes.set(one.host, one.settled);
    const open = batch.filter((one): one is Open => 'work' in one);
    if (failed.length === 0 && worked && open.length > 0 && !stop?.aborted) await rest(open.map(({ host }) => host));
    worked ||= open.length > 0;
    if (failed.length === 0)
      await atMost(open, pace.parallel, async ({ host, work }, lane) => {
        if (!stop?.aborted) outcomes.set(host, await work(lane));
      });
    else for (const { host } of open) skip(host, failed);
  }
  return members.map(({ host }) => outcomes.get(host) ?? 'skipped');
}

function failedIn(members: readonly Member[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const known = members.map(({ host }) => host).filter((host) => outcomes.has(host));
  return known.filter((host) => {
    const outcome = outcomes.get(host);
    return outcome !== undefined && !isInPlace(outcome);
  });
}

/** Items in groups of a size, the last perhaps smaller. */
export function batches<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / Math.max(1, size));
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** Works on all items, on at most `limit` at a time. After one that throws, no further item is begun. */
async function atMost<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, lane: Lane) => Promise<unknown>,
): Promise<void> {
  const lanes = new Lanes(limit);
  let broken = false;
  const results = await Promise.allSettled(
    items.map(async (item) => {
      await lanes.enter();
      try {
        if (!broken) await work(item, lanes);
      } catch (error) {
        broken = true;
        throw error;
      } finally {
        lanes.leave();
      }
    }),
  );
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** So many may be inside at a time; the others wait in the order in which they came. */
class Lanes implements Lane {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  async enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((enter) => this.#waiting.push(enter));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  async aside<Result>(waiting: Promise<Result>): Promise<Result> {
    this.leave();
    try {
      return await waiting;
    } finally {
      await this.enter();
    }
  }
}
