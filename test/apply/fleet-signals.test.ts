/** The command line on hosts of a test's making: what it says and leaves when a signal ends it, and what other hosts get to see. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { Interruption } from '../../src/commands/interruption.ts';
import { suite } from '../support/suite.ts';
import { newKey } from '../transport/server.ts';
import { type Conduct, type FakeHost, startFakeHost } from './fake-host.ts';

const test = suite('a fleet and signals');
const program = fileURLToPath(new URL('../../bin/fairlead.js', import.meta.url));
const client = newKey();

const deploy = `name: notes
app: { source: ., start: node server.js }
proxy: { domains: [notes.example.com] }
tls: { provider: none }
ci: { provider: none }
`;

/** Hosts in a folder of their own, and how many transactions each got. */
class Fleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'fairlead-fleet-'));
  readonly hosts: FakeHost[] = [];

  static async of(...conducts: readonly Conduct[]): Promise<Fleet> {
    const fleet = new Fleet();
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
    const { FORCE_COLOR: _, ...inherited } = process.env;
    const hosts = this.hosts.map((_host, index) => `web-${index + 1}`);
    return execa(process.execPath, [program, 'apply', '--host', ...hosts, ...options], {
      cwd: this.folder,
      env: { ...inherited, NO_COLOR: '1' },
      extendEnv: false,
      all: true,
      reject: false,
    });
  }

  async end(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private describe(name: string, port: number, hostKey: string, role: string): void {
    const known = { name, address: '127.0.0.1', port, identityFile: 'client', os: 'debian-12' };
    const privateAddress = `10.0.0.${role === 'app' ? 100 : this.hosts.length}`;
    const described = { ...known, privateAddress, hostKeys: [hostKey], roles: [role] };
    this.write(`hosts/production/${name}/host.yaml`, JSON.stringify(described));
  }

  private write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text, { mode: 0o600 });
  }
}

const locked: Conduct = (say) => say('end locked somebody@elsewhere');
const atWork: Conduct = (say) => say('step 1');
const silent: Conduct = () => undefined;

const fleets: Fleet[] = [];
test.after(async () => {
  await Promise.all(fleets.map((fleet) => fleet.end()));
});

async function fleetOf(...conducts: readonly Conduct[]): Promise<Fleet> {
  const fleet = await Fleet.of(...conducts);
  fleets.push(fleet);
  return fleet;
}

/** Waits for a text in the output of a command, and then sends it a signal. */
function signalAt(running: ReturnType<Fleet['apply']>, text: string, signal: NodeJS.Signals): void {
  let seen = '';
  let sent = false;
  running.all.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    if (sent || !seen.includes(text)) return;
    sent = true;
    running.kill(signal);
  });
}

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

for (const [signal, code] of Object.entries(codes) as [keyof typeof codes, number][]) {
  test(`${signal} says what goes on where, and ends with ${code}`, async () => {
    const fleet = await fleetOf(atWork, silent, atWork);
    const running = fleet.apply('--json', '--batch', '2');
    signalAt(running, '"type":"step"', signal);
    const { exitCode, stdout } = await running;
    assert.is(exitCode, code);
    const events = stdout.split('\n').map((line) => JSON.parse(line));
    const [said, summary] = events.slice(-2);
    assert.equal([said.type, said.signal, said.running], ['interrupted', signal, ['web-1']]);
    assert.equal([said.sending, said.untouched], [['web-2'], ['web-3']]);
    assert.is(said.attach, 'npm run apply -- --attach --host web-1 web-2');
    assert.equal([summary.type, summary.exitCode], ['summary', code]);
    assert.equal(
      summary.hosts.map(({ outcome }: { outcome: string }) => outcome),
      ['lost', 'lost', 'skipped'],
    );
    assert.is(fleet.transactions[2], 0);
  });
}

test('Ctrl-C says so for people, too', async () => {
  const fleet = await fleetOf(locked, atWork);
  const running = fleet.apply('--parallel', '1');
  signalAt(running, 'web-1: locked', 'SIGINT');
  const { exitCode, all } = await running;
  assert.is(exitCode, 130);
  assert.match(
    all,
    /interrupted: what was begun goes on without this command\n {2}web-2 (goes on by itself at step 1 of|was being sent)/,
  );
  assert.match(all, 'to follow it again: npm run apply -- --attach --host web-2');
  assert.not.match(all, 'internal error');
});

test('Ctrl-C before anything was sent says that nothing was changed', async () => {
  const fleet = await fleetOf(locked);
  let interrupt = () => undefined as unknown;
  fleet.add(await startFakeHost(client, locked, () => interrupt()));
  const running = fleet.apply();
  interrupt = () => running.kill('SIGINT');
  const { exitCode, stdout } = await running;
  assert.is(exitCode, 130);
  assert.is(stdout, 'interrupted: nothing was changed');
  assert.equal(fleet.transactions, [0, 0]);
});

test('a failing batch leaves the next untouched, and the exit code is that of the failure', async () => {
  const fleet = await fleetOf(locked, locked, locked);
  const { exitCode, all } = await fleet.apply('--batch', '1');
  assert.is(exitCode, 5, all);
  assert.equal(fleet.transactions, [1, 0, 0]);
  assert.match(all, 'web-3: skipped; not begun, because web-1 did not converge; nothing was changed');
  assert.match(all, '3 hosts in');
  assert.match(all, ': 1 locked, 2 skipped');
  const together = await fleet.apply();
  assert.is(together.exitCode, 5);
  assert.equal(fleet.transactions, [2, 1, 1], 'the control: without batches all are begun');
});

test('a number of hosts that is none is refused before anything is read', async () => {
  const fleet = await fleetOf(locked);
  for (const typed of ['0', '-1', 'many', '1.5', '']) {
    const { exitCode, all } = await fleet.apply(`--parallel=${typed}`);
    assert.is(exitCode, 1, typed);
    assert.match(all, '--parallel takes a number of hosts from 1 to 9999', typed);
  }
});

test('errors of the file are a line of JSON, too', async () => {
  const fleet = await fleetOf(locked);
  const { exitCode, stdout } = await fleet.apply('--json', '--env', 'nowhere');
  assert.is(exitCode, 1);
  const last = JSON.parse(stdout);
  assert.equal([last.type, last.exitCode], ['error', 1]);
  assert.ok(last.diagnostics.length > 0);
});

function ways() {
  const log: string[] = [];
  const interruption = new Interruption({
    leave: (code) => log.push(`leave ${code}`),
    leaveNow: (code) => log.push(`leave now ${code}`),
  });
  return { log, interruption };
}

test('the first signal is told to whoever is at work, the second ends at once', () => {
  const { log, interruption } = ways();
  const back = interruption.before(() => log.push('not told any more'));
  interruption.before((signal) => log.push(signal));
  back();
  interruption.receive('SIGTERM');
  assert.equal(log, ['SIGTERM', 'leave 143']);
  assert.is(interruption.exitCode, 143);
  interruption.receive('SIGINT');
  assert.equal(log, ['SIGTERM', 'leave 143', 'leave now 130']);
});

test('the process ends also when what is told fails', () => {
  const { log, interruption } = ways();
  interruption.before(() => {
    throw new Error('a fault');
  });
  assert.throws(() => interruption.receive('SIGINT'), 'a fault');
  assert.equal(log, ['leave 130']);
});

test.run();
