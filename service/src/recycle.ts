import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from './config.ts';
import { errorFields, type Log } from './log.ts';
import { RecyclingMark } from './recycling-mark.ts';

/** When an instance makes room for a fresh one; 0 means never. */
export interface RecycleLimits {
  /** Requests that were answered. */
  requests: number;
  /** Resident memory in bytes. */
  memoryBytes: number;
  /** By how much of them, in percent, the limits of one process are lower at most. */
  jitterPercent: number;
}

/** Why an instance goes: the figure that reached its limit. */
type Reason = { requests: number } | { memoryBytes: number };

/** A number from 0 to 1, which 1 is not. */
type Random = () => number;

/** What is different in tests. Times are milliseconds. */
export interface Pace {
  random: Random;
  /** Resident memory of this process in bytes. */
  residentBytes: () => number;
  /** How often memory is looked at. */
  checkMs: number;
  /** How long an instance waits about before it asks again whether it may go. */
  retryMs: number;
}

const usual: Pace = {
  random: Math.random,
  residentBytes: () => process.memoryUsage.rss(),
  checkMs: 5000,
  retryMs: 10_000,
};

// A mark may lie this much longer than a drain before it counts as forgotten: an instance starts within seconds.
const comebackMs = 600_000;
const readyAgainMs = 1000;

/**
 * A limit, lowered at random by up to `percent`, so that instances that started together do not end together. Never raised: at
 * the limit of memory the kernel already slows the process down (systemd's MemoryHigh). At least 1.
 */
export const lowered = (limit: number, percent: number, random: Random): number =>
  Math.max(1, Math.round(limit * (1 - (percent / 100) * random())));

/** Calls `reached` once, when the first of the limits is reached. Counts requests that ended, however they did. */
export function watchLimits(server: Server, limits: RecycleLimits, pace: Pace, reached: (why: Reason) => void) {
  const { requests, memoryBytes, jitterPercent } = limits;
  const checks: (() => void)[] = [];
  const once = (why: Reason) => {
    for (const stop of checks.splice(0)) stop();
    reached(why);
  };
  if (requests > 0) checks.push(onRequests(server, lowered(requests, jitterPercent, pace.random), once));
  if (memoryBytes > 0) checks.push(onMemory(lowered(memoryBytes, jitterPercent, pace.random), pace, once));
}

function onRequests(server: Server, limit: number, reached: (why: Reason) => void): () => void {
  let requests = 0;
  let stopped = false;
  server.on('request', (_request, response) => {
    response.once('close', () => {
      if (++requests >= limit && !stopped) reached({ requests });
    });
  });
  return () => {
    stopped = true;
  };
}

function onMemory(limit: number, { residentBytes, checkMs }: Pace, reached: (why: Reason) => void): () => void {
  const timer = setInterval(() => {
    const memoryBytes = residentBytes();
    if (memoryBytes > limit) reached({ memoryBytes });
  }, checkMs).unref();
  return () => clearInterval(timer);
}

/** What recycling needs of the process. */
export interface Instance {
  server: Server;
  address: Address;
  log: Log;
  /** The longest that a drain takes, in milliseconds. */
  drainMs: number;
  /** Resolves when the database has answered; rejects otherwise. */
  ping: () => Promise<void>;
  isLeaving: () => boolean;
  /** Drains and exits. */
  leave: () => void;
}

/**
 * Lets a process that listens end by itself at its limits, through the drain of every other end; a supervisor starts the next one.
 *
 * On a unix socket an instance goes only while another one of its folder is ready, and one at a time (recycling-mark.ts). A proxy
 * that finds the socket gone asks the next instance, with a POST too, so nothing is lost. A process on a TCP port does not know
 * its siblings: there the jitter alone keeps two from going at once.
 */
export async function recycle(instance: Instance, limits: RecycleLimits, pace: Pace = usual): Promise<void> {
  const mark = markOf(instance);
  if (mark) await comeBack(mark, instance);
  watchLimits(instance.server, limits, pace, (why) => {
    instance.log.info('recycling is due', { ...why });
    if (mark) leaveInTurn(mark, instance, pace);
    else instance.leave();
  });
}

const markOf = ({ address, drainMs }: Instance) =>
  'path' in address ? new RecyclingMark(address.path, drainMs + comebackMs) : undefined;

/** Removes the mark of the process before this one, once this one can do its work. It listens already. */
async function comeBack(mark: RecyclingMark, { ping, log }: Instance) {
  while (!(await ping().then(yes, no))) await sleep(readyAgainMs, undefined, { ref: false });
  await giveBack(mark, log);
}

const giveBack = (mark: RecyclingMark, log: Log) =>
  mark.remove().catch((error: unknown) => log.warn('the recycling mark stays', errorFields(error)));

const yes = () => true;
const no = () => false;

/**
 * Those that wait ask at times that differ, so that none of them is always late. An instance that was told to end in the meantime
 * may not come back, so it leaves no mark.
 */
async function leaveInTurn(mark: RecyclingMark, { isLeaving, leave, log }: Instance, { random, retryMs }: Pace) {
  while (!isLeaving()) {
    const mayGo = await mark.take().catch((error: unknown) => log.warn('cannot recycle', errorFields(error)));
    if (mayGo && isLeaving()) return giveBack(mark, log);
    if (mayGo) return leave();
    await sleep(retryMs * (0.5 + random()), undefined, { ref: false });
  }
}
