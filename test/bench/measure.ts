import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that is measured as a whole process, from outside. */
export interface Program {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called before each run, and not measured. */
  readonly before?: () => void;
  /** Throws when what it printed is not what a run that counts prints. Its exit code must be 0 in any case. */
  readonly accept?: (stdout: string) => void;
}

/** What one run cost: milliseconds from spawn to exit, milliseconds of CPU (user and system), peak memory in MiB. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

const secondsToRun = 120;

/** GNU time, which asks the kernel what a process and its children took; a shell's own `time` does not know memory. */
export const gnuTime = '/usr/bin/time';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-cost-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs a program once. CPU and memory include its children, not those of a host it talks to. */
export async function runOnce(program: Program): Promise<Cost> {
  const file = join(folder, 'cost');
  program.before?.();
  const { code, stdout, stderr, wall } = await finished(program, file);
  if (code !== 0) throw new Error(`${program.name} ended with ${code}:\n${stdout}${stderr}`);
  program.accept?.(stdout);
  const [user = 0, system = 0, kibibytes = 0] = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: (user + system) * 1000, memory: kibibytes / 1024 };
}

/** Node reads a file of certificates that this names at each start, and none of what is measured needs it. */
const { NODE_EXTRA_CA_CERTS: _, ...plainEnvironment } = process.env;

/** Runs a program under GNU time, which writes to `file`, in a process group that ends with this process and in time. */
async function finished(program: Program, file: string) {
  const started = performance.now();
  const child = spawn(gnuTime, ['--format', '%U %S %M', '--output', file, '--', ...program.command], {
    cwd: program.cwd ?? '/',
    env: { ...plainEnvironment, NO_COLOR: '1', ...program.env },
    detached: true,
  });
  const kill = () => child.pid && process.kill(-child.pid);
  const timer = setTimeout(kill, secondsToRun * 1000);
  process.once('exit', kill);
  const ended = { code: null as number | null, stdout: '', stderr: '', wall: 0 };
  child.stdout.setEncoding('utf8').on('data', (text) => (ended.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (ended.stderr += text));
  // A program that ends without reading its input is told by its exit code.
  child.stdin.on('error', () => undefined).end(program.input ?? '');
  child.once('exit', () => {
    ended.wall = performance.now() - started;
  });
  try {
    ended.code = await new Promise<number | null>((close, failed) => {
      child.once('error', failed).once('close', close);
    });
    return ended;
  } finally {
    clearTimeout(timer);
    process.off('exit', kill);
  }
}

/** How often programs are run: first uncounted, then counted; no round starts after `until` (see performance.now()). */
export interface Rounds {
  readonly warmUp: number;
  readonly counted: number;
  readonly until?: number;
}

/**
 * Runs programs in turn (A B A B …), so that what else the machine does meets all of them alike. The i-th costs of all
 * programs were taken next to each other.
 */
export async function measure(programs: readonly Program[], { warmUp, counted, until = Infinity }: Rounds) {
  const costs = programs.map((): Cost[] => []);
  for (let round = -warmUp; round < counted && performance.now() < until; round++) {
    for (const [index, program] of programs.entries()) {
      const cost = await runOnce(program);
      if (round >= 0) costs[index]?.push(cost);
    }
  }
  return costs;
}
