import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { kernelCommandLine, syncPort } from './guest.ts';
import type { Image } from './image.ts';

/** Emulated, on a machine that has other work. */
const secondsToBoot = 600;

/** One call of sync on the guest, after it returned there. */
export interface SyncCall {
  /** How many there were before it since the machine was started. */
  readonly number: number;
  /** Lines of the transaction's journal. */
  readonly lines: number;
  /** Folder of the transaction. */
  readonly folder: string;
  /** What was synced. */
  readonly asked: string;
}

/** A virtual machine (QEMU without KVM) with a disk file of its own. The guest's memory ends with the process. */
export class Machine {
  /** Decides what happens while the guest waits in a call of sync; by default nothing. */
  onSync: (call: SyncCall) => Promise<void> = async () => undefined;

  private process: ChildProcess | undefined;
  private calls = 0;
  sshPort = 0;
  httpPort = 0;

  /** @param folder of this machine, for its disk, its socket and its console. */
  constructor(
    readonly image: Image,
    readonly folder: string,
    readonly disk: string,
  ) {
    process.on('exit', () => this.process?.kill('SIGKILL'));
  }

  /** Boots and returns when systemd has started everything; gives the seconds that took. */
  async boot(): Promise<number> {
    const started = performance.now();
    this.sshPort ||= await freePort();
    this.httpPort ||= await freePort();
    const socket = join(this.folder, 'sync.sock');
    rmSync(socket, { force: true });
    const console_ = openSync(join(this.folder, 'console.log'), 'a');
    // `nice` becomes QEMU, so that this is QEMU's process id.
    const child = spawn('nice', ['-n', '10', 'qemu-system-x86_64', ...this.options(socket)], {
      stdio: ['ignore', console_, console_],
    });
    closeSync(console_);
    this.process = child;
    await this.listen(socket);
    await this.waitUntilUp();
    return (performance.now() - started) / 1000;
  }

  private options(socket: string): string[] {
    const forwards = `hostfwd=tcp:127.0.0.1:${this.sshPort}-:22,hostfwd=tcp:127.0.0.1:${this.httpPort}-:80`;
    return [
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '1536', '-smp', '2', '-nographic', '-no-reboot'],
      ...['-kernel', this.image.kernel, '-initrd', this.image.initrd, '-append', kernelCommandLine],
      ...['-drive', `file=${this.disk},if=virtio,format=raw,cache=writeback`],
      ...['-netdev', `user,id=n,restrict=on,${forwards}`, '-device', 'virtio-net-pci,netdev=n'],
      ...['-chardev', `socket,id=sync,path=${socket},server=on,wait=off`, '-device', 'virtio-serial-pci'],
      ...['-device', `virtserialport,chardev=sync,name=${syncPort}`, '-device', 'virtio-rng-pci'],
    ];
  }

  private async listen(path: string): Promise<void> {
    const socket = await connected(path, this.process!);
    socket.on('error', () => undefined);
    createInterface({ input: socket }).on('line', async (line) => {
      const [, lines, folder = '', asked = ''] = line.match(/^(\d+) (\S+) (.*)$/) ?? [];
      await this.onSync({ number: this.calls++, lines: Number(lines), folder, asked });
      if (this.isRunning) socket.write('go\n');
    });
  }

  /** Copies the disk as it is at this moment, which is what a power cut would leave: the process is stopped meanwhile. */
  async copyDisk(to: string): Promise<void> {
    this.process!.kill('SIGSTOP');
    try {
      while (!/^State:\tT/m.test(readFileSync(`/proc/${this.process!.pid}/status`, 'utf8'))) await sleep(5);
      await execa('cp', ['--sparse=always', this.disk, to]);
    } finally {
      this.process!.kill('SIGCONT');
    }
  }

  /** Cuts the power. What the guest had not written to its disk is lost. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Shuts down as a reboot does, and boots again; gives the seconds the boot took. */
  async reboot(): Promise<number> {
    await this.sh('systemctl reboot');
    await this.ended();
    return this.boot();
  }

  /** Runs a script as root on the guest, and returns what it printed; throws, with its errors, when it fails. */
  async sh(script: string): Promise<string> {
    const { stdout, stderr, exitCode } = await this.patiently(script);
    if (exitCode !== 0)
      throw new Error(`a script on the machine ended with ${exitCode}:\n${script}\n${stdout}${stderr}`);
    return stdout;
  }

  /** A login that takes too long on a busy machine ends with 255 and is tried again. */
  private async patiently(script: string) {
    for (let tries = 1; ; tries++) {
      const result = await this.ssh(script);
      if (result.exitCode !== 255 || tries === 4) return result;
    }
  }

  get isRunning(): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null;
  }

  /** What ssh(1) is given to log in as root; a command may follow. */
  login(): string[] {
    const quiet = ['UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=no', 'LogLevel=ERROR', 'ConnectTimeout=20'];
    const options = [...quiet, 'BatchMode=yes', 'IdentitiesOnly=yes'].flatMap((option) => ['-o', option]);
    return ['-F', '/dev/null', ...options, '-i', this.image.identityFile, '-p', String(this.sshPort), 'root@127.0.0.1'];
  }

  private ssh(script: string) {
    return execa('ssh', [...this.login(), 'sh', '-eu'], { input: script, reject: false });
  }

  private async waitUntilUp(): Promise<void> {
    const deadline = Date.now() + secondsToBoot * 1000;
    for (;;) {
      const { stdout } = await this.ssh('systemctl is-system-running || true');
      if (/^(running|degraded)$/m.test(stdout)) return;
      if (!this.isRunning || Date.now() > deadline)
        throw new Error(`the machine is not up (${stdout}):\n${this.said()}`);
      await sleep(1000);
    }
  }

  private said = () => readFileSync(join(this.folder, 'console.log'), 'utf8').slice(-3000);

  private async end(signal: 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return;
    const ended = this.ended();
    this.process!.kill(signal);
    await ended;
  }

  private async ended(): Promise<void> {
    if (this.isRunning) await new Promise((resolve) => this.process!.once('exit', resolve));
  }
}

async function connected(path: string, child: ChildProcess): Promise<Socket> {
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    const socket = connect(path);
    const result = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (result) return socket;
    await sleep(100);
  }
  throw new Error(`QEMU did not start; its console.log is beside ${path}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
