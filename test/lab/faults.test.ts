/** Applies that are broken on purpose: a slice of the matrix that `npm run test:faults` goes through (docs/faults.md). */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type Ground, tryFault } from '../faults/cell.ts';
import { type FaultName, faults } from '../faults/faults.ts';
import { scenarios } from '../faults/scenarios.ts';
import { difference, leftoversOn, plantLeftovers, stateOf } from '../faults/state.ts';
import { arm, disarm, installTrigger, letGo, struck } from '../faults/trigger.ts';
import { suite } from '../support/suite.ts';
import { startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const site = '/etc/nginx/sites-available/notes.conf';

for (const release of labReleases()) {
  const test = suite(`broken applies on ${release}`);
  let ground: Ground;
  let round = 0;

  test.before(async () => {
    const host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    const project = new LabProject();
    ground = { host, project };
    project.addHost(host);
    await installTrigger(host);
    expectExit(await project.run('apply'), 0);
  });
  test.after(async () => {
    await ground?.host.stop();
    ground?.project.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);

  /** Writes the next change, and returns the numbers of its steps by what they do. */
  const advance = async () => {
    round += 1;
    scenarios.change.advance(ground.project, round);
    const { stdout } = await ground.project.run('plan', '--json');
    const titles: string[] = JSON.parse(stdout).plans[0].steps.map(({ title }: { title: string }) => title);
    return (text: string) => {
      const number = titles.findIndex((title) => title.includes(text)) + 1;
      assert.ok(number > 0, `no step ${text} in ${titles.join('; ')}`);
      return number;
    };
  };

  /** Begins an apply and returns when its executor is held at a step. */
  const applyHeldAt = async (step: number) => {
    await arm(ground.host, step, 'begin', 'hold');
    const done = ground.project.run('apply');
    assert.ok(await struck(ground.host), 'the step was reached');
    // In an object, because a promise that is returned would be awaited.
    return { done };
  };

  const survives = async (fault: FaultName, title: string, end: RegExp) => {
    const step = (await advance())(title);
    const verdict = await tryFault(ground, faults[fault], step, { serves: true, converges: true });
    assert.equal(verdict.problems, []);
    assert.match(verdict.end, end);
    assert.ok(verdict.asked > 10, 'the site was asked all the time');
  };

  test('the search for leftovers finds one of each kind: the control', async () => {
    assert.equal(await leftoversOn(ground.host), []);
    const { planted, tidy } = await plantLeftovers(ground.host);
    const found = await leftoversOn(ground.host);
    await tidy();
    assert.is(found.length, planted, found.join('\n'));
  });

  test('executor and recovery are killed before the site is written: the next apply puts back and brings all', () =>
    survives('kill-recovery', site, /^(?!end)/));

  test('executor and recovery are killed before the new release starts', () =>
    survives('kill-recovery', 'beside the one that serves', /^(?!end)/));

  test('a power cut while the release is staged is put back at boot', () =>
    survives('power-cut', 'stage release', /^end rolled-back/));

  test('a client that is killed is followed by another one to the end', async () => {
    const { host, project } = ground;
    const step = (await advance())('stage release');
    const applied = await applyHeldAt(step);
    await project.killRunning();
    assert.is.not((await applied.done).exitCode, 0);
    const attached = project.run('apply', '--attach');
    await sleep(1500);
    await letGo(host);
    const run = await attached;
    await disarm(host);
    expectExit(run, 0);
    assert.match(run.text, /✓ stage release/);
    assert.match(run.text, 'web-1: converged');
    expectExit(await project.run('plan'), 0);
  });

  test('of two clients one wins, and the other says who holds the host', async () => {
    const { host, project } = ground;
    const applied = await applyHeldAt((await advance())('stage release'));
    const second = await project.run('apply');
    await letGo(host);
    const first = await applied.done;
    await disarm(host);
    expectExit(first, 0);
    expectExit(second, 5);
    assert.match(second.text, /another apply is at work on this host \(.+ since .+\)/);
    assert.match(second.text, '--attach');
    expectExit(await project.run('plan'), 0);
  });

  test('a hand edit between the plan and the transaction makes the plan stale, and nothing is changed', async () => {
    const { host, project } = ground;
    await advance();
    // Whatever unpacks the transaction comes after the plan and before the lock.
    await host.exec(['sh', '-c', 'cat >/usr/local/bin/tar && chmod 755 /usr/local/bin/tar'], {
      input: `#!/bin/sh\nrm /usr/local/bin/tar\necho '# by hand' >>${site}\nexec /usr/bin/tar "$@"\n`,
    });
    const before = await stateOf(host);
    const run = await project.run('apply');
    expectExit(run, 6);
    assert.match(run.text, `${site} changed since the plan was made; nothing was changed`);
    const changed = difference(before, await stateOf(host));
    assert.equal(
      changed.filter((line) => !line.includes(site)),
      [],
    );
    assert.ok(changed.length > 0, 'the control: the hand edit shows');
    expectExit(await project.run('apply'), 0);
  });

  test('a hand edit while an apply is at work is not overwritten: the apply is put back', async () => {
    const { host, project } = ground;
    const applied = await applyHeldAt((await advance())('/etc/fairlead/notes/app.env'));
    await host.sh(`echo '# by hand' >>${site}`);
    const edited = await host.sh(`cat ${site}`);
    const environment = await host.sh('cat /etc/fairlead/notes/app.env');
    await letGo(host);
    const run = await applied.done;
    await disarm(host);
    expectExit(run, 3);
    assert.match(run.text, `${site} changed on the host while this apply was at work`);
    assert.is(await host.sh(`cat ${site}`), edited, 'the hand edit stays');
    assert.is(await host.sh('cat /etc/fairlead/notes/app.env'), environment, 'the rest is as before');
    const plan = await project.run('plan');
    assert.match(plan.text, `~ file ${site} drift`);
    expectExit(await project.run('apply'), 0);
    assert.equal(await leftoversOn(host), []);
  });

  test.run();
}
