/** A project whose hosts are SSH servers in this process, and the command line on it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { newKey } from '../transport/server.ts';
import { type Conduct, type FakeHost, startFakeHost } from './fake-host.ts';

const program = fileURLToPath(new URL('../../bin/fairlead.js', import.meta.url));
export const client = newKey();

const deploy = `name: notes
app: { source: ., start: node server.js }
proxy: { domains: [notes.example.com] }
tls: { provider: none }
ci: { provider: none }
`;

/** Hosts of one environment in a folder of their own, and how many transactions each got. */
export class Fleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'fairlead-fleet-'));
  readonly hosts: FakeHost[] = [];

  constructor(private readonly environment: string) {}

  static async of(environment: string, ...conducts: readonly Conduct[]): Promise<Fleet> {
    const fleet = new Fleet(environment);
    fleet.write('deploy.yaml', deploy);
    fleet.write('server.js', '');
    fleet.write('client', client.private);
    fleet.describe('app-1', 1, newKey().public, 'app');
    for (const conduct of conducts) fleet.add(await startFakeHost(client, conduct));
    return fleet;
  }

  add(host: FakeHost): void {
    this.hosts.push(host);
    this.describe(`web-${this.hosts.length}`, host.port, host.hostKey, 'proxy');
  }

  get transactions(): number[] {
    return this.hosts.map(({ transactions }) => transactions());
  }

  /** Starts an apply to the fake hosts; its output is what it printed until it ended. */
  apply(...options: string[]) {
    return this.run('apply', '--host', ...this.names, ...options);
  }

  get names(): string[] {
    return this.hosts.map((_host, index) => `web-${index + 1}`);
  }

  /** Starts any command. */
  run(...words: string[]) {
    const { FORCE_COLOR: _, ...inherited } = process.env;
    return execa(process.execPath, [program, ...words], {
      cwd: this.folder,
      env: { ...inherited, NO_COLOR: '1' },
      extendEnv: false,
      all: true,
      reject: false,
    });
  }

  /** Takes the description of a host away. */
  forget(name: string): void {
    rmSync(join(this.folder, 'hosts', this.environment, name), { recursive: true });
  }

  /** Describes a host anew: with another host key than it has, nobody logs in to it. */
  disguise(name: string): void {
    const index = this.names.indexOf(name);
    this.describe(name, this.hosts[index]?.port ?? 0, newKey().public, 'proxy', index + 1);
  }

  async end(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private describe(name: string, port: number, hostKey: string, role: string, number = this.hosts.length): void {
    const known = { name, address: '127.0.0.1', port, identityFile: 'client', os: 'debian-12' };
    const privateAddress = `10.0.0.${role === 'app' ? 100 : number}`;
    const described = { ...known, privateAddress, hostKeys: [hostKey], roles: [role] };
    this.write(`hosts/${this.environment}/${name}/host.yaml`, JSON.stringify(described));
  }

  private write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text, { mode: 0o600 });
  }
}

const fleets: Fleet[] = [];

/** A fleet that `endFleets` ends; see Fleet.of. */
export async function fleetIn(environment: string, ...conducts: readonly Conduct[]): Promise<Fleet> {
  const fleet = await Fleet.of(environment, ...conducts);
  fleets.push(fleet);
  return fleet;
}

export async function endFleets(): Promise<void> {
  await Promise.all(fleets.map((fleet) => fleet.end()));
}
