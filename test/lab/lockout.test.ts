/** A change that locks everybody out goes back by itself: unconfirmed, after the death of the executor, and after a reboot. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

for (const release of labReleases()) {
  const test = suite(`the way into a host with ${release}`);
  let host: LabHost;
  let project: LabProject;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    project = new LabProject();
    add();
    const first = await project.run('apply');
    assert.is(first.exitCode, 0, first.text);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  /** Describes the host anew: its ports may be others after a restart. */
  function add(): void {
    project.addHost(host);
    appendFileSync(join(project.folder, 'hosts', 'production', 'web-1', 'host.yaml'), 'confirmWithin: 6\n');
  }

  const includes = (run: Run, ...texts: (string | RegExp)[]) => {
    for (const text of texts) assert.match(run.text, text, `${text} is missing in:\n${run.text}`);
  };
  /** SSH from addresses that nobody here has. */
  const closeTheDoor = () =>
    project.edit('sshRate: 10000\n', 'sshRate: 10000\n      ssh:\n        allow: [192.0.2.0/24]\n');
  const refuseEverybody = () =>
    project.edit(/$/, '\npatches:\n  sshd:\n    - PubkeyAcceptedAlgorithms sk-ssh-ed25519@openssh.com\n');
  const rules = () =>
    host.sh('nft list table inet fairlead | grep -v -e elements -e expires; cat /etc/fairlead/firewall.nft');
  const written = () => host.sh('cat /etc/fairlead/firewall.nft');
  const sshd = () => host.sh('sshd -T | sort');
  /** A test that begins with the project as the host has it. */
  const story = (name: string, tell: () => Promise<void>) =>
    test(name, async () => {
      project.reset();
      await tell();
    });
  const nothingLeft = async () => {
    assert.is((await host.sh('ls /var/lib/fairlead/notes/unfinished 2>/dev/null || true')).trim(), '');
    project.reset();
    const plan = await project.run('plan');
    assert.is(plan.exitCode, 0, plan.text);
    includes(plan, 'nothing to do');
  };
  const changed = async (read: () => Promise<string>, before: string, seconds: number): Promise<boolean> => {
    for (
      const end = Date.now() + seconds * 1000;
      Date.now() < end;
      await new Promise((resolve) => setTimeout(resolve, 100))
    )
      if ((await read()) !== before) return true;
    return false;
  };

  story('a good change to the SSH server is confirmed by a new connection and stays', async () => {
    project.edit(/$/, '\npatches:\n  sshd:\n    - LoginGraceTime 40\n');
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 0, apply.text);
    includes(apply, 'coming in by a new connection', 'converged');
    assert.match(await sshd(), 'logingracetime');
    project.reset();
    assert.is((await project.run('apply')).exitCode, 0);
  });

  story('who attaches to the apply of a client that is gone confirms it', async () => {
    project.edit(/$/, '\npatches:\n  sshd:\n    - LoginGraceTime 50\n');
    const apply = project.run('apply');
    const seen =
      'for i in $(seq 600); do if ls -d /run/systemd/transient/fairlead-notes-2* >/dev/null 2>&1; then exit 0; fi; sleep 0.02; done; exit 1';
    await host.sh(seen);
    await project.killRunning();
    await apply;
    const attached = await project.run('apply', '--attach');
    assert.is(attached.exitCode, 0, attached.text);
    includes(attached, 'from its beginning', 'coming in by a new connection', 'converged');
    assert.match(await host.sh('cat /etc/ssh/sshd_config.d/00-fairlead.conf'), 'LoginGraceTime 50');
    project.reset();
    assert.is((await project.run('apply')).exitCode, 0);
  });

  story('an SSH server that lets nobody in is put back', async () => {
    const before = await sshd();
    refuseEverybody();
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 3, apply.text);
    includes(apply, 'nobody came in by a new connection within 6 s', 'no new connection', 'rolled back');
    assert.is(await sshd(), before);
    await nothingLeft();
  });

  story('a packet filter that lets nobody in is put back', async () => {
    const before = await rules();
    closeTheDoor();
    const apply = await project.run('apply');
    assert.is(apply.exitCode, 3, apply.text);
    includes(apply, 'nobody came in by a new connection', 'rolled back');
    assert.is(await rules(), before);
    await nothingLeft();
  });

  story('it is put back too when the executor is killed while it waits', async () => {
    const before = await rules();
    closeTheDoor();
    const apply = project.run('apply');
    assert.ok(await changed(rules, before, 60), 'the control: the door was closed');
    await host.sh("systemctl kill --signal=KILL 'fairlead-notes-2*'");
    const ended = await apply;
    assert.is(ended.exitCode, 3, ended.text);
    includes(ended, 'was cut off; the host ends it', 'rolled back');
    assert.is(await rules(), before);
    await nothingLeft();
  });

  for (const [name, cut, watched] of [
    ['a reboot while the host waits', () => host.restart(), rules],
    ['a power cut while the host waits', () => host.powerCut(), rules],
    // The rules are written, and perhaps not loaded yet: the boot loads them.
    ['a power cut before the door is closed', () => host.powerCut(), written],
  ] as const) {
    story(`it is put back after ${name}`, async () => {
      const before = await rules();
      const unchanged = await watched();
      closeTheDoor();
      const apply = project.run('apply');
      assert.ok(await changed(watched, unchanged, 60), 'the control: the door is being closed');
      await cut();
      await apply;
      assert.not.ok(
        await changed(async () => ((await rules()) === before ? 'back' : 'closed'), 'back', 2),
        'the rules of before are back',
      );
      add();
      await nothingLeft();
    });
  }

  test.run();
}
