import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { clientKey, clientKeyIn } from './client-key.ts';
import { type Ports, removeContainer, startContainer } from './container.ts';
import { ensureImage, type ImageKind } from './images.ts';
import { sweep } from './ownership.ts';
import { ensureDocker } from './prerequisites.ts';
import type { Release } from './releases.ts';

const secondsToBoot = 120;

/** What a command on a host printed and returned. */
export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** What a host needs to be started. */
export interface HostOptions {
  release: Release;
  /** `plain` (the default) as after installation, `warm` with the service packages installed. */
  image?: ImageKind;
  /** The host name; the release by default. */
  hostname?: string;
  /** Keeps the host after this process under a name, with its key in a folder; otherwise it ends with the process. */
  keep?: { name: string; folder: string };
}

/** A running lab host. `root` and `deploy` (who may use sudo without a password) log in with `identityFile`. */
export class LabHost {
  readonly address = '127.0.0.1';
  readonly sshPort: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** The public keys of its sshd, as `ssh-ed25519 AAAA…`. */
  hostKeys: string[] = [];
  /** Its address in Docker's network; another one after a restart, perhaps. */
  ipAddress = '';

  constructor(
    readonly name: string,
    readonly release: Release,
    /** The name of its container. */
    readonly containerId: string,
    readonly identityFile: string,
    ports: Ports,
  ) {
    this.sshPort = ports.ssh;
    this.httpPort = ports.http;
    this.httpsPort = ports.https;
  }

  /** Runs a command as root, past SSH; a command that fails does not throw. `input` is its standard input. */
  async exec(command: string[], { input = '' } = {}): Promise<Outcome> {
    const args = ['exec', '--interactive', this.containerId, ...command];
    const { stdout, stderr, exitCode } = await execa('docker', args, { input, reject: false });
    return { stdout, stderr, exitCode: exitCode ?? -1 };
  }

  /** Runs a shell script as root, past SSH, and returns what it printed; throws, with its errors, when it fails. */
  async sh(script: string): Promise<string> {
    const { stdout, stderr, exitCode } = await this.exec(['sh', '-euc', script]);
    if (exitCode !== 0)
      throw new Error(`a script on ${this.name} ended with ${exitCode}:\n${script}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Reboots, cleanly, and returns when the host is up again. */
  async restart(): Promise<void> {
    await execa('docker', ['restart', '--time', '60', this.containerId]);
    await this.waitUntilUp();
  }

  /** Kills every process at once, boots again, and returns when the host is up. */
  async powerCut(): Promise<void> {
    await execa('docker', ['kill', this.containerId]);
    await execa('docker', ['start', this.containerId]);
    await this.waitUntilUp();
  }

  /** Removes the host and all its data. */
  async stop(): Promise<void> {
    await removeContainer(this.containerId);
  }

  /** Returns when systemd has booted and sshd answers; prints the units that failed. */
  async waitUntilUp(): Promise<void> {
    const deadline = Date.now() + secondsToBoot * 1000;
    const state = await this.poll(deadline, 'systemd', async () => {
      const { stdout } = await this.exec(['systemctl', 'is-system-running']);
      return /^(running|degraded)$/.test(stdout) && stdout;
    });
    if (state === 'degraded')
      console.log(`${this.name} is degraded:\n${await this.sh('systemctl --failed --no-legend')}`);
    await this.poll(deadline, 'sshd', () => greets(this.address, this.sshPort));
    this.hostKeys = (await this.sh("cut -d' ' -f1,2 /etc/ssh/ssh_host_*_key.pub")).split('\n');
    this.ipAddress = await ipAddress(this.containerId);
  }

  private async poll<Value>(deadline: number, what: string, probe: () => Promise<Value | false>): Promise<Value> {
    for (;;) {
      const value = await probe();
      if (value !== false) return value;
      if (Date.now() > deadline) {
        const { stdout, stderr } = await this.exec(['journalctl', '--no-pager', '--lines', '30']);
        const { all } = await execa('docker', ['logs', '--tail', '30', this.containerId], { all: true, reject: false });
        const seen = [all, stdout, stderr].join('\n');
        throw new Error(`${what} of ${this.name} is not up after ${secondsToBoot} seconds:\n${seen}`);
      }
      await sleep(200);
    }
  }
}

let prepared: Promise<unknown> | undefined;

/** Starts a host and returns when it is up; installs Docker and builds the image when they are missing. */
export async function startHost({ release, image = 'plain', hostname = release, keep }: HostOptions): Promise<LabHost> {
  prepared ??= ensureDocker().then(sweep);
  await prepared;
  const { identityFile, publicKey } = await (keep ? clientKeyIn(keep.folder) : clientKey());
  const tag = await ensureImage(release, image);
  const { name, ports } = await startContainer(tag, hostname, publicKey, keep?.name);
  const host = new LabHost(hostname, release, name, identityFile, ports);
  await host.waitUntilUp();
  return host;
}

/** Whether an SSH server greets there; Docker's own proxy accepts connections before one listens. */
function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(false));
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-2.0-')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

async function ipAddress(container: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const { stdout } = await execa('docker', ['inspect', '--format', format, container]);
  return stdout;
}
