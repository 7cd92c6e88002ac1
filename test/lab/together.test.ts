/** Two hosts that change their release together: both, or none. */
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { Sampler } from '../faults/sampler.ts';
import { arm, installTrigger, letGo } from '../faults/trigger.ts';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

for (const release of labReleases()) {
  const test = suite(`two hosts together with ${release}`);
  let hosts: LabHost[] = [];
  let project: LabProject;
  let round = 0;

  test.before(async () => {
    hosts = [];
    for (const hostname of ['web-1', 'web-2']) hosts.push(await startHost({ release, image: 'warm', hostname }));
    project = new LabProject();
    for (const one of hosts) project.addHost(one);
    expectExit(await project.run('apply'), 0);
  });
  test.after(async () => {
    await Promise.all(hosts.map((one) => one.stop()));
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const host = (number: number) => hosts[number - 1] as LabHost;
  const live = () => Promise.all(hosts.map((one) => one.sh('readlink /srv/notes/slots/"$(readlink /run/notes/live)"')));
  const advance = () => {
    project.reset();
    project.edit('    LOG_LEVEL: info', `    LOG_LEVEL: info\n    ROUND: '${++round}'`);
  };

  test('no host goes live before the release runs on all, and none drains before it serves on all', async () => {
    const before = await live();
    advance();
    const apply = await project.run('apply', '--json');
    expectExit(apply, 0);
    const events = apply.stdout.split('\n').map((line) => JSON.parse(line));
    const at = (type: string, title: string) =>
      events.flatMap((event, index) => (event.type === type && event.title?.includes(title) ? [index] : []));
    const [ready, live1, live2, drain] = [
      at('done', 'beside the one'),
      at('step', 'go live'),
      at('done', 'go live'),
      at('step', 'stop what'),
    ];
    for (const list of [ready, live1, live2, drain]) assert.is(list.length, 2);
    assert.ok(Math.max(...ready) < Math.min(...live1), 'ready everywhere first');
    assert.ok(Math.max(...live2) < Math.min(...drain), 'live everywhere first');
    const points = events.filter(({ type }) => type === 'hold').map(({ point }) => point);
    for (const point of ['staged', 'ready', 'healthy']) assert.is(points.filter((one) => one === point).length, 2);
    for (const [index, now] of (await live()).entries()) assert.is.not(now, before[index]);
    assert.equal(new Set(events.at(-1).hosts.map(({ release: one }: { release: string }) => one)).size, 1);
  });

  test('one host on which the release does not start keeps both at the old one, which serves on', async () => {
    const before = await live();
    const broken = '/etc/systemd/system/notes-{blue,green}@.service.d';
    await host(2).exec([
      'bash',
      '-c',
      `for slot in ${broken}; do mkdir -p $slot; printf '[Service]\\nExecStartPre=/bin/false\\n' >$slot/broken.conf; done; systemctl daemon-reload`,
    ]);
    advance();
    const samplers = hosts.map((one) => new Sampler(one.httpPort));
    const apply = await project.run('apply');
    await Promise.all(samplers.map((sampler) => sampler.stop()));
    expectExit(apply, 3);
    assert.match(apply.text, /^web-1: rolled back/m);
    assert.match(apply.text, /^web-2: rolled back/m);
    assert.match(apply.text, /^web-1 +\| web-2 ended as rolled back$/m);
    assert.equal(await live(), before);
    for (const { misses, asked } of samplers) {
      assert.equal(misses, []);
      assert.ok(asked > 5);
    }
    await host(2).exec(['bash', '-c', `rm -r ${broken}; systemctl daemon-reload`]);
    expectExit(await project.run('apply'), 0);
    for (const [index, now] of (await live()).entries()) assert.is.not(now, before[index], 'the control');
  });

  test('a rollback takes both back', async () => {
    const before = await live();
    expectExit(await project.run('rollback'), 0);
    for (const [index, now] of (await live()).entries()) assert.is.not(now, before[index]);
    expectExit(await project.run('apply'), 0);
    assert.equal(await live(), before);
  });

  test('a host that nobody speaks to any more goes back by itself, and the next apply brings both on', async () => {
    const before = await live();
    advance();
    // One host is held up, so that the other one waits for it.
    await installTrigger(host(2));
    await arm(host(2), 1, 'begin', 'hold');
    const applying = project.run('apply');
    const waits = "tail -qn 1 /var/lib/fairlead/notes/transactions/*/log | grep -q '^hold staged'";
    for (const end = Date.now() + 120_000; (await host(1).exec(['sh', '-c', waits])).exitCode !== 0; await sleep(200))
      assert.ok(Date.now() < end, 'it waits for the other one');
    await project.killRunning();
    await applying;
    const over = "tail -qn 1 /var/lib/fairlead/notes/transactions/*/log | grep -q '^end rolled-back'";
    const from = Date.now();
    await letGo(host(2));
    const left = new Set(hosts);
    for (; left.size > 0; await sleep(500)) {
      for (const one of left) {
        const mark = await one.exec(['test', '-L', '/var/lib/fairlead/notes/unfinished']);
        if (mark.exitCode !== 0 && (await one.exec(['sh', '-c', over])).exitCode === 0) left.delete(one);
      }
      assert.ok(Date.now() - from < 150_000, 'they go back within a minute or so');
    }
    assert.equal(await live(), before);
    expectExit(await project.run('apply'), 0);
    for (const [index, now] of (await live()).entries()) assert.is.not(now, before[index]);
  });

  test('a host that was down catches up', async () => {
    advance();
    await execa('docker', ['stop', '--time', '20', host(2).containerId]);
    const apply = await project.run('apply');
    expectExit(apply, 8);
    assert.match(apply.text, /^web-1: converged/m);
    assert.match(apply.text, /^web-2: unreachable/m);
    await execa('docker', ['start', host(2).containerId]);
    await host(2).waitUntilUp();
    const second = await project.run('apply');
    expectExit(second, 0);
    assert.match(second.text, /^web-2: converged in/m);
    const [one, other] = await live();
    assert.is(one, other);
  });

  test.run();
}
