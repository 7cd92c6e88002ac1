/** Three hosts of one environment: each has its own plan and outcome, the failure of one hides nothing of the others, and batches stop. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject } from './project.ts';
import { labReleases } from './releases.ts';

/** All that an apply changes on a host, as one hash: files, what systemd runs, packages, users, and the host's record. */
const stateOf = (host: LabHost) =>
  host.sh(`
    {
      find /etc /srv /opt /var/lib/fairlead -printf '%p %y %m %u %g %l %T@\\n' | sort
      systemctl show --property=Id,ActiveEnterTimestampMonotonic,MainPID nginx.service postgresql.service
      dpkg-query -W
      getent passwd
    } | sha256sum`);

for (const release of labReleases()) {
  const test = suite(`three hosts with ${release}`);
  let hosts: LabHost[] = [];
  let project: LabProject;
  const host = (index: number) => hosts[index] as LabHost;
  const states = () => Promise.all(hosts.slice(1).map(stateOf));

  test.before(async () => {
    hosts = [];
    for (const hostname of ['web-1', 'web-2', 'web-3'])
      hosts.push(await startHost({ release, image: 'warm', hostname }));
    project = new LabProject();
    for (const one of hosts) project.addHost(one);
  });
  test.after(async () => {
    await Promise.all(hosts.map((one) => one.stop()));
    project?.remove();
  });

  test('one apply converges all, says that their data is not shared, and sums up in a table', async () => {
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 0, apply.text);
    for (const { name } of hosts)
      assert.match(apply.text, new RegExp(`^${name} +converged +[1-9][0-9]* +[0-9][0-9. min]* s$`, 'm'));
    assert.match(apply.text, /^3 hosts in .*: 3 converged$/m);
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

  test('--parallel 1 works on one host after the other', async () => {
    project.edit('bodyLimit: 20m', 'bodyLimit: 21m');
    const apply = await project.run('apply', '--parallel', '1', '--json');
    assert.is(apply.exitCode, 0, apply.text);
    const events = apply.stdout.split('\n').map((line) => JSON.parse(line));
    const order = events
      .filter(({ type }) => type === 'begin' || type === 'end')
      .map(({ type, host: name }) => `${type} ${name}`);
    assert.equal(order, ['begin web-1', 'end web-1', 'begin web-2', 'end web-2', 'begin web-3', 'end web-3']);
    assert.equal(
      events.at(-1).hosts.map(({ outcome, changes }: Record<string, unknown>) => [outcome, changes]),
      [0, 1, 2].map(() => ['converged', 1]),
    );
  });

  test('--batch 1 leaves the hosts after one that fails as they were', async () => {
    project.edit('bodyLimit: 21m', 'bodyLimit: 22m');
    await host(0).sh(`
      mv /usr/sbin/nginx /usr/sbin/nginx.real
      printf '#!/bin/sh\\necho no room; exit 1\\n' >/usr/sbin/nginx
      chmod 755 /usr/sbin/nginx`);
    const before = await states();
    const apply = await project.run('apply', '--batch', '1');
    assert.is(apply.exitCode, 1, apply.text);
    assert.match(apply.text, 'web-1: failed');
    assert.match(apply.text, /^web-1 .*no room$/m);
    for (const name of ['web-2', 'web-3'])
      assert.match(apply.text, `${name}: skipped; not begun, because web-1 did not converge; nothing was changed`);
    assert.equal(await states(), before);

    const without = await project.run('apply');
    assert.is(without.exitCode, 1, without.text);
    for (const name of ['web-2', 'web-3']) assert.match(without.text, `${name}: converged`);
    const after = await states();
    for (const [index, state] of after.entries()) assert.is.not(state, before[index], 'the control');
  });

  test('--batch 1 goes through all hosts when all converge', async () => {
    await host(0).sh('mv /usr/sbin/nginx.real /usr/sbin/nginx');
    project.edit('bodyLimit: 22m', 'bodyLimit: 23m');
    const apply = await project.run('apply', '--batch', '1');
    assert.is(apply.exitCode, 0, apply.text);
    assert.match(apply.text, '3 hosts, one at a time, in batches of 1; none begins after a failure');
    assert.match(apply.text, /^3 hosts in .*: 3 converged$/m);
  });

  test('a host that is down is an error beside the plans of the others, which are applied', async () => {
    await host(0).stop();
    project.edit('bodyLimit: 23m', 'bodyLimit: 25m');
    const plan = await project.run('plan');
    assert.is(plan.exitCode, 1, plan.text);
    assert.match(plan.text, 'web-1 error: 127.0.0.1');
    assert.match(plan.text, 'web-2: 1 to update');
    const before = await states();
    const careful = await project.run('apply', '--batch', '1');
    assert.is(careful.exitCode, 8, careful.text);
    assert.match(careful.text, /^3 hosts in .*: 1 unreachable, 2 skipped$/m);
    assert.equal(await states(), before, 'a host that is down stops the batches behind it');
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 8, apply.text);
    for (const name of ['web-2', 'web-3']) assert.match(apply.text, `${name}: converged`);
    assert.match(apply.text, 'web-1: unreachable');
    assert.match(apply.text, /^web-1 +unreachable +0 +– +mend the connection, then npm run apply -- --host web-1$/m);
    assert.match(apply.text, /^3 hosts in .*: 1 unreachable, 2 converged$/m);
    const second = await project.run('plan', '--host', 'web-2', 'web-3');
    assert.is(second.exitCode, 0, second.text);
  });

  test('a mistake in the file reaches no host', async () => {
    const journals = 'find /var/lib/fairlead -newer /var/lib/fairlead/notes/serial -name journal | wc -l';
    const before = await host(1).sh(journals);
    project.edit('bodyLimit: 25m', 'bodyLimt: 26m');
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 1, apply.text);
    assert.match(apply.text, 'did you mean bodyLimit?');
    assert.is(await host(1).sh(journals), before);
  });

  test.run();
}
