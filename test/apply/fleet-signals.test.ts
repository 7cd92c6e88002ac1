/** The command line on hosts of a test's making: what it says and leaves when a signal ends it, and what other hosts get to see. */
import * as assert from 'uvu/assert';
import { Interruption } from '../../src/commands/interruption.ts';
import { suite } from '../support/suite.ts';
import { client, endFleets, type Fleet, fleetIn } from './fake-fleet.ts';
import { type Conduct, startFakeHost } from './fake-host.ts';

const test = suite('a fleet and signals');

const locked: Conduct = (say) => say('end locked somebody@elsewhere');
const atWork: Conduct = (say) => say('step 1');
const silent: Conduct = () => undefined;

test.after(endFleets);

const fleetOf = (...conducts: readonly Conduct[]) => fleetIn('production', ...conducts);

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
