/** The commands that are suggested for hosts of a test's making, and what is said of hosts that are gone or cannot be reached. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { endFleets, fleetIn } from './fake-fleet.ts';
import type { Conduct } from './fake-host.ts';

const test = suite('a fleet and the commands for it');
test.after(endFleets);

const locked: Conduct = (say) => say('end locked somebody@elsewhere');
const lost: Conduct = (say, hangUp) => {
  say('step 1');
  hangUp();
};

/** All suggested commands in a text; none of them may mean another environment or file than was typed. */
const suggested = (text: string) => [...text.matchAll(/npm run [a-z]+( --( [\w./-]+)*)?/g)].map(([command]) => command);

test('what is suggested means the environment and the file that were typed', async () => {
  const fleet = await fleetIn('staging', locked, lost);
  const { exitCode, all } = await fleet.apply('--env', 'staging', '--file', './deploy.yaml');
  assert.is(exitCode, 8, all);
  const typed = '--file ./deploy.yaml --env staging --host';
  assert.match(all, `wait for it, or follow it: npm run apply -- --attach ${typed} web-1`);
  assert.match(all, `goes on by itself. Follow it: npm run apply -- --attach ${typed} web-2`);
  assert.match(all, `wait for the other apply, then npm run apply -- ${typed} web-1`);
  for (const command of suggested(all)) assert.match(command, typed);
});

test('what is suggested after an apply of a saved plan means the environment of that', async () => {
  const fleet = await fleetIn('staging', locked, lost);
  const saved = await fleet.run('plan', '--env', 'staging', '--host', ...fleet.names, '--out', 'plan.json');
  assert.is(saved.exitCode, 2, saved.all);
  const { exitCode, all } = await fleet.run('apply', 'plan.json');
  assert.is(exitCode, 8, all);
  assert.match(all, 'wait for the other apply, then npm run apply -- --env staging --host web-1');
  assert.is(suggested(all).length, 4, all);
  for (const command of suggested(all)) assert.match(command, '--env staging --host web-');
  const { stdout } = await fleet.run('apply', 'plan.json', '--json');
  const { hosts } = JSON.parse(stdout.split('\n').at(-1) ?? '');
  assert.is(hosts[1].next, 'npm run apply -- --attach --env staging --host web-2');
});

test('a saved plan whose hosts are gone is stale, and says so of each', async () => {
  const fleet = await fleetIn('production', locked, locked, locked);
  const saved = await fleet.run('plan', '--host', 'web-1', 'web-2', '--out', 'plan.json');
  assert.is(saved.exitCode, 2, saved.all);
  fleet.forget('web-1');
  const one = await fleet.run('apply', 'plan.json');
  assert.is(one.exitCode, 6, one.all);
  assert.match(one.all, 'web-1: stale; the environment has no such host any more. Nothing was changed');
  assert.match(one.all, 'web-2: stale; its part of the plan still holds, but not that of web-1');
  fleet.forget('web-2');
  for (const more of [[], ['--attach']]) {
    const { exitCode, all } = await fleet.run('apply', 'plan.json', ...more);
    assert.is(exitCode, 6, all);
    for (const host of ['web-1', 'web-2'])
      assert.match(all, `${host}: stale; the environment has no such host any more`);
  }
  assert.equal(fleet.transactions, [0, 0, 0]);
});

test('a token of a host that cannot be reached hides neither that nor anything else', async () => {
  const fleet = await fleetIn('production', locked, locked);
  fleet.disguise('web-2');
  for (const verb of ['plan', 'apply']) {
    const { exitCode, all } = await fleet.run(verb, '--host', ...fleet.names, '--remove', '1a2b3c4d');
    assert.is(exitCode, 7, all);
    assert.match(all, /web-2[\s\S]*host key[\s\S]*1a2b3c4d/, verb);
    assert.match(all, 'this token is of no host that could be planned');
  }
  assert.equal(fleet.transactions, [0, 0], 'and nothing is begun');
  const { exitCode, all } = await fleet.run('plan', '--host', 'web-1', '--remove', '1a2b3c4d');
  assert.is(exitCode, 7);
  assert.match(all, 'this token is not of the plan as it is now', 'the control');
});

test.run();
