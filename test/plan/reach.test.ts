/** Which changes could lock everybody out of a host. */
import * as assert from 'uvu/assert';
import type { Action, Activation, Change } from '../../src/plan/change.ts';
import { changesReach } from '../../src/plan/reach.ts';
import { suite } from '../support/suite.ts';
import { manifest } from './manifests.ts';
import { ModelHost } from './model-host.ts';

const test = suite('the way in');

const change = (name: string, action: Action = 'update'): Change => ({
  id: `file:${name}`,
  kind: 'file',
  name,
  action,
  class: 'change',
  reason: '',
  causes: [],
  attributes: [],
});
const activation = (unit: string): Activation => ({ unit, verb: 'reload', reason: '' });

for (const path of [
  '/etc/ssh/sshd_config.d/00-fairlead.conf',
  '/etc/ssh/authorized_keys.d/ada',
  '/etc/sudoers.d/fairlead-admins',
  '/etc/fairlead/firewall.nft',
  '/etc/fairlead/admins.list',
]) {
  test(`changes with ${path}, made, changed or removed, but not when it stays`, () => {
    for (const action of ['create', 'update', 'delete'] as const) assert.ok(changesReach([change(path, action)], []));
    for (const action of ['none', 'keep', 'adopt'] as const) assert.not.ok(changesReach([change(path, action)], []));
  });
}

test('changes when the packet filter or the SSH server takes something up', () => {
  for (const unit of ['ssh.service', 'fairlead-firewall.service']) assert.ok(changesReach([], [activation(unit)]));
  assert.not.ok(changesReach([], [activation('nginx.service')]));
});

test('does not change with the site, and then nobody has to come in anew', () => {
  assert.not.ok(changesReach([change('/etc/nginx/sites-available/notes.conf')], []));
  const first = new ModelHost().plan(manifest());
  assert.is(
    first.steps.filter(({ op }) => op === 'confirm').length,
    1,
    'the control: the first apply sets up the firewall',
  );
});

test.run();
