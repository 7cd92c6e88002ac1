/** Releases of one host: bad ones that never go live, and ways back to good ones, while the site is asked all the time. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { ask, Sampler } from '../faults/sampler.ts';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const start = 'start: node --max-semi-space-size=1 dist/server.js';
const migrations = /migrations: .*/;
/** A module that ends the program that loads it, some time after its start. */
const ends = (milliseconds: number) =>
  `start: node "--import=data:text/javascript,setTimeout(process.exit,${milliseconds},1)" dist/server.js`;

for (const release of labReleases()) {
  const test = suite(`going back with ${release}`);
  let host: LabHost;
  let project: LabProject;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    project = new LabProject();
    project.addHost(host);
    addWorker();
    expectExit(await project.run('apply'), 0);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  /** The level that the one process of the worker runs with; there is never more than one. */
  const workerLevel = () =>
    host.sh(`set -- $(systemctl show -P MainPID notes-worker-idle@1); [ "$(grep -lsaz '^setInterval' /proc/[0-9]*/cmdline | wc -l)" = 1 ]
      tr '\\0' '\\n' </proc/$1/environ | sed -n s/LOG_LEVEL=//p`);

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const live = async () => (await host.sh('readlink /srv/notes/slots/"$(readlink /run/notes/live)"')).trim().slice(-16);
  const level = () =>
    host.sh(
      'tr "\\0" "\\n" </proc/"$(systemctl show -P MainPID "notes-$(readlink /run/notes/live)@1")"/environ | sed -n s/LOG_LEVEL=//p',
    );
  const limit = () => host.sh("sed -n 's/.*client_max_body_size //p' /etc/nginx/sites-available/notes.conf");
  const expectEmptyPlan = async () => {
    const plan = await project.run('plan');
    expectExit(plan, 0);
    assert.match(plan.text, 'nothing to do');
  };

  /** Does something while the site is asked, and no request may fail. */
  const answered = async (act: () => Promise<void>) => {
    const sampler = new Sampler(host.httpPort);
    try {
      await act();
    } finally {
      await sampler.stop();
    }
    assert.equal(sampler.misses, []);
    assert.ok(sampler.asked > 5, 'the site was asked');
  };

  let first = '';
  let second = '';

  test('before a second release there is nothing to go back to', async () => {
    first = await live();
    const back = await project.run('rollback');
    expectExit(back, 7);
    assert.match(back.text, 'no release was live before the one that is');
    const list = await project.run('releases');
    expectExit(list, 0);
    assert.match(list.text, new RegExp(`web-1: 1 release\n {2}${first} live `));
  });

  test('a rollback brings environment, units and site of the release before, and nobody is refused', async () => {
    sayTheSecond();
    const deploy = await project.run('deploy', '--json');
    expectExit(deploy, 0);
    second = await live();
    const summary = JSON.parse(deploy.stdout.split('\n').at(-1) ?? '');
    assert.equal([summary.type, summary.hosts[0].release], ['summary', second]);
    assert.is.not(second, first);
    assert.equal([await level(), await workerLevel()], ['warn', 'warn']);
    await answered(async () => {
      const back = await project.run('rollback');
      expectExit(back, 0);
      assert.match(back.text, 'web-1: converged');
      assert.match(back.text, `release ${first} is live on web-1; to go back: npm run rollback`);
    });
    assert.is(await live(), first);
    assert.equal([await level(), await workerLevel()], ['info', 'info'], 'workers move with their release');
    assert.match(await limit(), '20m;');
    assert.match(
      await host.sh('systemctl show -P MemoryMax "notes-$(readlink /run/notes/live)@1"'),
      String(512 * 1024 ** 2),
    );
    const list = await project.run('releases');
    assert.match(list.text, new RegExp(`${first} live `));
    assert.match(list.text, new RegExp(`${second} kept `));
    const plan = await project.run('plan');
    expectExit(plan, 2);
    assert.match(plan.text, `release: ${first} → ${second}`, 'the way forward is a change');
    assert.match(plan.text, '+    client_max_body_size 30m;');
  });

  test('and who wants to, goes forward again: by name, or by an apply', async () => {
    await answered(async () => expectExit(await project.run('rollback', '--to', second.slice(0, 7)), 0));
    assert.is(await live(), second);
    assert.is(await level(), 'warn');
    await expectEmptyPlan();
    expectExit(await project.run('rollback', '--to', first), 0);
    expectExit(await project.run('apply'), 0);
    assert.is(await live(), second);
    await expectEmptyPlan();
  });

  test('a name that no release has, or several, is refused, and nothing changes', async () => {
    for (const typed of ['0123456789', 'zz']) {
      const back = await project.run('rollback', '--to', typed);
      expectExit(back, 7);
      assert.match(back.text, 'no release is kept whose name or commit begins with');
    }
    assert.is(await live(), second);
  });

  const addWorker = () =>
    project.edit(
      '  drain: 30s\n',
      '  drain: 30s\n  workers:\n    idle:\n      command: node -e "setInterval(String, 1000, \'idle\')"\n',
    );
  /** What the project says when the second release is live. */
  const sayTheSecond = () => {
    project.reset();
    addWorker();
    project.edit('LOG_LEVEL: info', 'LOG_LEVEL: warn');
    project.edit('bodyLimit: 20m', 'bodyLimit: 30m');
    project.edit('memory: 512M', 'memory: 400M');
  };

  const bad = (name: string, edit: () => void, ...texts: (string | RegExp)[]) =>
    test(`${name} never goes live`, async () => {
      sayTheSecond();
      edit();
      const before = await live();
      await answered(async () => {
        const apply = await project.run('apply');
        expectExit(apply, 3);
        for (const text of ['web-1: rolled back', ...texts]) assert.match(apply.text, text, apply.text);
      });
      assert.is(await live(), before);
      const idle = `"$(case "$(readlink /run/notes/live)" in blue) echo green ;; *) echo blue ;; esac)"`;
      assert.is(await host.sh(`systemctl list-units --plain --no-legend --state=active "notes-"${idle}"@*"`), '');
      sayTheSecond();
      await expectEmptyPlan();
    });

  bad(
    'a release that never gets ready',
    () => {
      project.edit('ready: /readyz', 'ready: /nowhere');
      project.edit('timeout: 60s', 'timeout: 10s');
      project.edit('LOG_LEVEL: warn', 'LOG_LEVEL: error');
    },
    'was not ready within 10 s: /nowhere was answered with 404',
  );

  bad(
    'a release that crashes at its start',
    () => project.edit(start, 'start: node dist/nothing.js'),
    'ended three times before it was ready',
    'Cannot find module',
  );

  bad(
    'a release that crashes after three seconds',
    () => {
      project.edit(start, ends(3000));
      project.edit('steady: 1s', 'steady: 5s');
    },
    /was ready, and ended within 5 s after that/,
  );

  bad(
    'a release whose migration fails',
    () => {
      project.edit(migrations, 'migrations: node dist/nothing.js');
      project.edit('LOG_LEVEL: warn', 'LOG_LEVEL: error');
    },
    'Cannot find module',
  );

  test('a build that fails asks no host for anything', async () => {
    sayTheSecond();
    project.edit(/build: .*/, 'build: echo no compiler; exit 4');
    const deploy = await project.run('deploy');
    expectExit(deploy, 1);
    assert.match(deploy.text, 'the build failed (exit code 4) and nothing was changed on any host; it said:');
    assert.match(deploy.text, 'no compiler');
    sayTheSecond();
    await expectEmptyPlan();
  });

  test('instances that recycle do so one after the other, and nobody is refused', async () => {
    sayTheSecond();
    project.edit('  drain: 30s\n', '  drain: 30s\n  recycle: { requests: 20 }\n');
    expectExit(await project.run('apply'), 0);
    const restarts = async () =>
      (
        await host.sh(
          'systemctl show -P NRestarts "notes-$(readlink /run/notes/live)@1" "notes-$(readlink /run/notes/live)@2"',
        )
      )
        .split('\n')
        .filter(Boolean)
        .map(Number);
    await answered(async () => {
      for (const end = Date.now() + 120_000; (await restarts()).some((count) => count < 2); await sleep(500))
        assert.ok(Date.now() < end, `each of them has recycled twice: ${await restarts()}`);
    });
    sayTheSecond();
    expectExit(await project.run('apply'), 0);
  });

  test('the control: a release that is asked too early is seen to refuse', async () => {
    const sampler = new Sampler(host.httpPort);
    await host.sh('systemctl restart "notes-$(readlink /run/notes/live)@*.service"');
    await sleep(1000);
    await sampler.stop();
    assert.ok(sampler.misses.length > 0);
    for (const end = Date.now() + 30_000; (await ask(host.httpPort, '/readyz')) !== '200'; )
      assert.ok(Date.now() < end, 'it comes back');
  });

  test.run();
}
