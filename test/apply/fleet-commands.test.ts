/** The commands that are suggested for hosts of a test's making, and what is said of hosts that are gone or cannot be reached. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { endFleets, fleetIn } from './fake-fleet.ts';
import type { Conduct } from './fake-host.ts';

const test = suite('a fleet and the commands for it');
test.after(endFleets);

const locked: Conduct = (say) => say('end locked somebody@elsewhere');

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
