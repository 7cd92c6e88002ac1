import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const minutesAtMost = 40;

/** How a child is run: what its environment has besides ours, and what stands before each line it prints. */
export interface ChildOptions {
  env?: Record<string, string>;
  prefix?: string;
}

const running = new Set<ChildProcess>();
/** Nothing begins any more. */
let ending = false;

/**
 * Runs a command in a process group of its own and returns its exit code (1 when it was killed or could not start).
 * What it leaves running is ended with it, and so is a command that takes longer than 40 minutes.
 */
export async function runChild([command, ...args]: [string, ...string[]], options: ChildOptions = {}): Promise<number> {
  const { env = {}, prefix } = options;
  if (ending) return 1;
  const output = prefix ? 'pipe' : 'inherit';
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', output, output],
  });
  running.add(child);
  const printed = prefix ? [printLines(child.stdout, prefix), printLines(child.stderr, prefix)] : [];
  const limit = setTimeout(() => {
    console.error(`${prefix ?? ''}ended, because it took longer than ${minutesAtMost} minutes`);
    endGroup(child, 'SIGKILL');
  }, minutesAtMost * 60_000);
  const exitCode = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
  clearTimeout(limit);
  await endLeftovers(child);
  await Promise.all(printed);
  running.delete(child);
  return exitCode;
}

/** Ends the commands that run now, with all they started; those that come after end at once. */
export function endChildren(): void {
  ending = true;
  for (const child of running) endGroup(child, 'SIGTERM');
  setTimeout(() => {
    for (const child of running) endGroup(child, 'SIGKILL');
  }, 5000).unref();
}

async function printLines(stream: Readable | null, prefix: string) {
  if (!stream) return;
  for await (const line of createInterface({ input: stream })) console.log(prefix + line);
}

async function endLeftovers(child: ChildProcess) {
  for (let tries = 0; endGroup(child, tries < 25 ? 'SIGTERM' : 'SIGKILL') && tries < 50; tries++) await sleep(200);
}

/** Signals the process group of a child; false when nothing is left of it. */
function endGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch {
    return false;
  }
}
