import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { ensureCommand } from '../support/packages.ts';

const log = join(tmpdir(), 'fairlead-dockerd.log');
const pidFile = join(tmpdir(), 'fairlead-dockerd.pid');

/**
 * Makes sure that a Docker Engine answers: installs Debian's when there is none, and starts `dockerd` in the background
 * when it is not running. `startedHere` tells whether this call started it; then `stopDocker` ends it.
 * Throws, with what to do, where that needs root or Debian.
 */
export async function ensureDocker(): Promise<{ startedHere: boolean }> {
  if (await dockerAnswers()) return { startedHere: false };
  if (process.env.DOCKER_HOST) {
    throw new Error(
      `the Docker Engine at DOCKER_HOST=${process.env.DOCKER_HOST} does not answer; start it or unset DOCKER_HOST`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      'the lab needs a Docker Engine and none answers; start it, or run this as root so that it can be started',
    );
  }
  await ensureCommand('dockerd', ['docker.io', 'iptables', 'dbus']);
  if (await dockerAnswers()) return { startedHere: false };
  return { startedHere: await startDocker() };
}

/** Ends the `dockerd` that `ensureDocker` started, in this process or an earlier one, unless containers still run in it. */
export async function stopDocker(): Promise<void> {
  const pid = startedPid();
  if (!pid) return;
  const { stdout } = await execa('docker', ['ps', '--quiet'], { reject: false });
  if (stdout) return console.log(`dockerd (pid ${pid}) is left running, for containers that others use`);
  process.kill(pid, 'SIGTERM');
  for (let tries = 0; tries < 150 && isDockerd(pid); tries++) await sleep(200);
  rmSync(pidFile, { force: true });
}

async function dockerAnswers(): Promise<boolean> {
  const { exitCode } = await execa('docker', ['info'], { reject: false, timeout: 20_000 });
  return exitCode === 0;
}

async function startDocker(): Promise<boolean> {
  console.log(`starting dockerd (log: ${log}) …`);
  const output = openSync(log, 'a');
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', output, output] });
  daemon.unref();
  for (let tries = 0; tries < 150; tries++) {
    await sleep(200);
    if (!(await dockerAnswers())) continue;
    // Another process may have been first; then ours has ended by now, and the engine is theirs.
    const ours = daemon.pid !== undefined && isDockerd(daemon.pid);
    if (ours) writeFileSync(pidFile, String(daemon.pid));
    return ours;
  }
  const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-10);
  throw new Error(`dockerd does not answer after 30 seconds; the end of ${log}:\n${lines.join('\n')}`);
}

function startedPid(): number | undefined {
  if (!existsSync(pidFile)) return undefined;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  return isDockerd(pid) ? pid : undefined;
}

function isDockerd(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'dockerd';
  } catch {
    return false;
  }
}
