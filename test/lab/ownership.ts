import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { execa } from 'execa';

const runLabel = 'fairlead.lab';
const ownerLabel = 'fairlead.lab.owner';

/** Names this run of the lab; test/run.ts gives its children one name. */
export const runId = process.env.FAIRLEAD_LAB_RUN ?? randomBytes(4).toString('hex');

/**
 * The labels of a container that this process starts: the run, and the process whose end makes it a leftover.
 * One that is kept under a name has no owner, so that it stays until it is removed by that name.
 */
export function labels(kept?: string): Record<string, string> {
  if (kept) return { [runLabel]: kept };
  return { [runLabel]: runId, [ownerLabel]: `${process.pid}@${startTime(process.pid)}` };
}

/** Removes the lab containers whose owner process is gone, and returns how many there were. */
export async function sweep(): Promise<number> {
  const format = `{{.ID}} {{.Label "${ownerLabel}"}}`;
  const { stdout } = await execa('docker', ['ps', '--all', '--filter', `label=${ownerLabel}`, '--format', format]);
  const leftovers = stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([id, owner]) => id && owner && !isAlive(owner))
    .map(([id]) => id as string);
  if (leftovers.length > 0) await execa('docker', ['rm', '--force', '--volumes', ...leftovers], { reject: false });
  return leftovers.length;
}

/** Names of the containers that are kept under a name, running or not. */
export async function keptContainers(kept: string): Promise<string[]> {
  const args = ['ps', '--all', '--filter', `label=${runLabel}=${kept}`, '--format', '{{.Names}}'];
  const { stdout } = await execa('docker', args, { reject: false });
  return stdout.split('\n').filter((name) => name !== '');
}

function isAlive(owner: string): boolean {
  const [pid, started] = owner.split('@');
  return startTime(Number(pid)) === started;
}

/** When a process started, in clock ticks since boot (field 22 of proc_pid_stat(5)); a reused pid has another. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses that may hold spaces; counting starts behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
