/** Two hosts of one environment: each has its own plan and outcome, and the failure of one hides nothing of the other. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject } from './project.ts';
import { labReleases } from './releases.ts';

for (const release of labReleases()) {
  const test = suite(`two hosts with ${release}`);
  let hosts: LabHost[] = [];
  let project: LabProject;

  test.before(async () => {
    hosts = [];
    for (const hostname of ['web-1', 'web-2']) hosts.push(await startHost({ release, image: 'warm', hostname }));
    project = new LabProject();
    for (const host of hosts) project.addHost(host);
  });
  test.after(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    project?.remove();
  });

  test('one apply converges both, and says that their data is not shared', async () => {
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 0, apply.text);
    for (const { name } of hosts) assert.match(apply.text, `${name}: converged`);
    assert.match(apply.text, 'database.separate');
    const plan = await project.run('plan');
    assert.is(plan.exitCode, 0, plan.text);
  });

  test('--host narrows a plan to one', async () => {
    const plan = await project.run('plan', '--host', 'web-2');
    assert.is(plan.exitCode, 0, plan.text);
    assert.match(plan.stdout, 'web-2: nothing to do');
    assert.not.match(plan.stdout, 'web-1');
  });

  test('a host that is down is an error beside the plan of the other, which is applied', async () => {
    await hosts[0]?.stop();
    project.edit('bodyLimit: 20m', 'bodyLimit: 25m');
    const plan = await project.run('plan');
    assert.is(plan.exitCode, 1, plan.text);
    assert.match(plan.text, 'web-1 error: 127.0.0.1');
    assert.match(plan.text, 'web-2: 1 to update');
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 8, apply.text);
    assert.match(apply.text, 'web-2: converged');
    assert.match(apply.text, 'web-1: unreachable');
    const second = await project.run('plan', '--host', 'web-2');
    assert.is(second.exitCode, 0, second.text);
  });

  test('a mistake in the file reaches no host', async () => {
    const before = await hosts[1]?.sh(
      'find /var/lib/fairlead -newer /var/lib/fairlead/notes/serial -name journal | wc -l',
    );
    project.edit('bodyLimit: 25m', 'bodyLimt: 26m');
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 1, apply.text);
    assert.match(apply.text, 'did you mean bodyLimit?');
    assert.is(
      await hosts[1]?.sh('find /var/lib/fairlead -newer /var/lib/fairlead/notes/serial -name journal | wc -l'),
      before,
    );
  });

  test.run();
}
