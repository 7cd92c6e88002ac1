import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LabHost } from './host.ts';

/** What a lab host's host.yaml says beside its address. */
export interface HostFileOptions {
  readonly name?: string;
  readonly user?: 'root' | 'deploy';
  readonly hostKeys?: readonly string[];
  readonly port?: number;
  /** Whether the other hosts of the project know it by its address in Docker's network. */
  readonly isPeer?: boolean;
}

/** Writes hosts/<environment>/<host>/host.yaml of a lab host into a project folder, and returns the host's name there. */
export function writeHostFile(
  projectFolder: string,
  environment: string,
  host: LabHost,
  options: HostFileOptions = {},
): string {
  const { name = host.name, user = 'root', hostKeys = host.hostKeys, port = host.sshPort, isPeer = false } = options;
  const folder = join(projectFolder, 'hosts', environment, name);
  mkdirSync(folder, { recursive: true });
  const lines = [
    `name: ${name}`,
    `address: ${host.address}`,
    `port: ${port}`,
    `user: ${user}`,
    `identityFile: ${host.identityFile}`,
    `os: ${host.release}`,
    ...(isPeer ? [`privateAddress: ${host.ipAddress}`] : []),
    'hostKeys:',
    ...hostKeys.map((key) => `  - ${key}`),
  ];
  writeFileSync(join(folder, 'host.yaml'), `${lines.join('\n')}\n`);
  return name;
}

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What a run of the command line came to; `text` is everything it printed, without colours. */
export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly text: string;
}

/**
 * All requests and logins of a test come from one address, which the limits would take for one client. Good releases need not show for
 * long that they are.
 */
const forTests = `
  production:
    app:
      health:
        steady: 1s
    proxy:
      limits:
        writeRate: 10000r/s
        writeBurst: 1000
    host:
      firewall:
        sshRate: 10000
`;

/** A copy of this repository's own project in a temporary folder, with lab hosts as its production. */
export class LabProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'fairlead-project-'));
  private readonly original = readFileSync(join(repository, 'deploy.yaml'), 'utf8')
    .replace('- notes.example.com', '- localhost')
    .concat(forTests);

  private running: { kill(signal: 'SIGKILL'): boolean } | undefined;

  constructor() {
    this.reset();
    symlinkSync(join(repository, 'service'), join(this.folder, 'service'));
    // What was built and fetched once serves every test.
    mkdirSync(join(repository, '.fairlead'), { recursive: true });
    symlinkSync(join(repository, '.fairlead'), join(this.folder, '.fairlead'));
  }

  /** Writes the repository's deploy.yaml. */
  reset(): void {
    this.write(this.original);
  }

  /** Writes a text as deploy.yaml. */
  write(text: string): void {
    writeFileSync(join(this.folder, 'deploy.yaml'), text);
  }

  /** Writes a file beside deploy.yaml that holds a secret. */
  writeSecret(file: string, value: string): void {
    writeFileSync(join(this.folder, file), value, { mode: 0o600 });
  }

  /** Replaces a text in deploy.yaml that must stand there. */
  edit(before: string | RegExp, after: string): void {
    const path = join(this.folder, 'deploy.yaml');
    const text = readFileSync(path, 'utf8');
    const edited = text.replace(before, after);
    if (edited === text) throw new Error(`deploy.yaml has no ${before}`);
    writeFileSync(path, edited);
  }

  /** Describes a lab host in the project. */
  addHost(host: LabHost, options: HostFileOptions = {}): void {
    writeHostFile(this.folder, 'production', host, options);
  }

  /** Kills the command that runs last, as a power cut of its machine would. */
  async killRunning(): Promise<void> {
    this.running?.kill('SIGKILL');
  }

  /** Runs a command of the command line in the project. */
  async run(...args: string[]): Promise<Run> {
    const { FORCE_COLOR: _, ...inherited } = process.env;
    const environment = { ...inherited, NO_COLOR: '1' };
    const running = execa(process.execPath, [join(repository, 'bin', 'fairlead.js'), ...args], {
      cwd: this.folder,
      env: environment,
      extendEnv: false,
      all: true,
      reject: false,
    });
    this.running = running;
    const result = await running;
    return { exitCode: result.exitCode ?? -1, stdout: result.stdout, text: result.all ?? '' };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
