/**
 * The story of one host, in order: bare, applied, edited, drifted, pruned, broken, rebooted. Each test builds on the one before.
 * Runs once for each Debian release (LAB_RELEASE).
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

for (const release of labReleases()) {
  const test = suite(`a host with ${release}`);
  let host: LabHost;
  let project: LabProject;

  test.before(async () => {
    host = await startHost({ release, image: 'plain', hostname: 'web-1' });
    project = new LabProject();
    project.addHost(host);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const includes = (run: Run, ...texts: (string | RegExp)[]) => {
    for (const text of texts) assert.match(run.text, text, `${text} is missing in:\n${run.text}`);
  };
  const expectEmptyPlan = async () => {
    const plan = await project.run('plan');
    expectExit(plan, 0);
    includes(plan, 'nothing to do');
  };
  const url = (path: string) => `http://localhost:${host.httpPort}${path}`;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url(path), { ...init, signal: AbortSignal.timeout(10_000) });
  const post = (body: string) =>
    ask('/api/notes', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  /** Everything on the host that an apply could have touched, by hash. */
  const snapshot = () =>
    host.sh(
      'find /etc /srv /opt /var/lib/fairlead -xdev -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum | sha256sum',
    );
  const liveSlot = async () => (await host.sh('readlink /run/notes/live')).trim();
  const readyAgain = async (seconds: number) => {
    for (const end = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
      const answer = await ask('/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
      if (Date.now() > end)
        throw new Error(`no 200 from /readyz within ${seconds} s (last: ${answer?.status ?? 'no answer'})`);
    }
  };

  /** A test that leaves the project as it found it, so that one failure is not the next one's. */
  const story = (name: string, tell: () => Promise<void>) =>
    test(name, async () => {
      try {
        await tell();
      } finally {
        project.reset();
        project.addHost(host);
      }
    });

  story('a foreign file in the way is a conflict, and nothing is changed', async () => {
    await host.sh("echo 'by somebody else' > /etc/tmpfiles.d/notes.conf");
    const before = await snapshot();
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(plan, '✗ file /etc/tmpfiles.d/notes.conf', 'was not made by this project');
    const apply = await project.run('apply');
    expectExit(apply, 7);
    includes(apply, 'refused', 'Nothing was changed');
    assert.is(await snapshot(), before);
    await host.sh('rm /etc/tmpfiles.d/notes.conf');
  });

  story('the first plan of a bare host shows what will be made, and changes nothing', async () => {
    const before = await snapshot();
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(plan, '+ package nginx', '+ release notes', /deploy\.yaml:\d+ proxy/, 'npm run apply');
    assert.is(await snapshot(), before);
  });

  story('the first apply converges from bare', async () => {
    const apply = await project.run('apply');
    expectExit(apply, 0);
    includes(apply, 'install packages', 'web-1: converged', /✓ go live with release [0-9a-f]{16}/);
    assert.is((await host.sh("cd / && runuser -u postgres -- psql -XAtc 'SHOW data_checksums'")).trim(), 'on');
  });

  story('the second plan is empty, and its JSON is the same to the byte each time', async () => {
    await expectEmptyPlan();
    const [one, two] = [await project.run('plan', '--json'), await project.run('plan', '--json')];
    assert.is(one.stdout, two.stdout);
    assert.equal(JSON.parse(one.stdout).plans[0].steps, []);
  });

  story('the API answers through Nginx: create, list, 404, 422', async () => {
    const created = await post('{"title":"Grüße aus dem Labor"}');
    assert.is(created.status, 201);
    const note = (await created.json()) as { id: number; title: string };
    assert.is(note.title, 'Grüße aus dem Labor');
    assert.match(await (await ask('/api/notes')).text(), 'Grüße aus dem Labor');
    assert.is((await ask('/api/notes/999999')).status, 404);
    assert.is((await post('{"title":5}')).status, 422);
    assert.is((await ask('/readyz')).status, 200);
  });

  story('the service is hardened: exposure at most 1.5, no network, no password', async () => {
    const table = await host.sh('systemd-analyze security --no-pager notes-blue@1.service | tail -n 1');
    const exposure = Number(table.match(/: ([\d.]+) /)?.[1]);
    assert.ok(exposure <= 1.5, table);
    const shown = await host.sh(
      'systemctl show notes-blue@1 -p PrivateNetwork -p ProtectSystem -p User -p NoNewPrivileges',
    );
    assert.match(shown, 'PrivateNetwork=yes');
    assert.match(shown, 'User=notes');
    const inside = 'nsenter --target "$(systemctl show -P MainPID notes-blue@1)" --net';
    assert.is((await host.sh(`${inside} ip -o link | grep -vc ' lo:' || true`)).trim(), '0');
    // The control: the same check from outside sees a network.
    assert.ok(Number(await host.sh("ip -o link | grep -vc ' lo:' || true")) > 0);
    assert.not.match(await host.sh('cat /etc/fairlead/notes/app.env'), /PASSWORD/);
  });

  story('from outside only SSH, HTTP and HTTPS can be reached, and SSH takes no password', async () => {
    const open = (port: number) =>
      new Promise<boolean>((resolve) => {
        const socket = connect({ host: host.ipAddress, port, timeout: 1000 });
        const end = (result: boolean) => {
          socket.destroy();
          resolve(result);
        };
        socket.on('connect', () => end(true)).on('timeout', () => end(false));
        // Nothing listens there, but the packet came through.
        socket.on('error', ({ message }) => end(message.includes('ECONNREFUSED')));
      });
    const weak = ['-o UsePAM=no', '-o PasswordAuthentication=yes', '-o PidFile=none', '-f /dev/null'].join(' ');
    await host.sh(`systemd-run --quiet --unit=weak /usr/sbin/sshd -D -p 2222 ${weak}`);
    await host.sh('timeout 20 sh -c "until ss -Hltn sport = :2222 | grep -q .; do sleep 0.1; done"');
    const listening = (
      await host.sh("ss -Hltn | awk '{print $4}' | grep -v '^127\\.' | sed 's/.*://' | sort -nu")
    ).split('\n');
    const asked = [...new Set([...listening.filter(Boolean).map(Number), 25, 111, 443, 3000, 5432, 6379, 8080, 9100])];
    assert.ok(asked.includes(2222) && asked.includes(80), 'the control: it listens');
    const reached = (await Promise.all(asked.map(open))).flatMap((yes, index) => (yes ? [asked[index] as number] : []));
    assert.equal(reached.filter((port) => port !== 443).sort(), [22, 80]);
    const methods = (port: number) =>
      host.sh(
        `ssh -p ${port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o PubkeyAuthentication=no root@127.0.0.1 true 2>&1 | grep 'Permission denied' || true`,
      );
    assert.match(await methods(22), /\(publickey\)/);
    assert.match(await methods(2222), /password/, 'the control');
    await host.sh('systemctl stop weak');
  });

  story('without its database the program lives on, says so, and recovers with it', async () => {
    const restarts = () => host.sh("systemctl show -p NRestarts -p MainPID 'notes-*@*.service'");
    const before = await restarts();
    await host.sh('systemctl stop postgresql@*');
    for (let tries = 0; (await ask('/readyz')).status !== 503; tries++) assert.ok(tries < 100, 'it is not ready');
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    assert.is((await ask('/readyz')).status, 503);
    assert.is((await ask('/healthz')).status, 200);
    assert.is((await ask('/api/notes')).status, 503);
    await host.sh('systemctl start postgresql');
    await readyAgain(30);
    assert.is((await ask('/api/notes')).status, 200);
    assert.is(await restarts(), before, 'no instance was started anew');
    await expectEmptyPlan();
  });

  story('an edit shows one difference with its cause and the reload, and is applied', async () => {
    project.edit('bodyLimit: 20m', 'bodyLimit: 1k');
    const plan = await project.run('plan');
    expectExit(plan, 2);
    const line =
      readFileSync(`${project.folder}/deploy.yaml`, 'utf8')
        .split('\n')
        .findIndex((text) => text.includes('bodyLimit')) + 1;
    includes(
      plan,
      `deploy.yaml:${line} proxy.bodyLimit`,
      '-    client_max_body_size 20m;',
      '+    client_max_body_size 1k;',
      'reload nginx.service',
      /web-1: 1 to update, 1 unit to reload, \d+ unchanged/,
    );
    assert.is(plan.text.match(/^~/gm)?.length, 1, plan.text);
    const apply = await project.run('apply');
    expectExit(apply, 0);
    includes(apply, /\[2\/5\] ✓ write .* \d+\.\d s/, 'converged');
    await expectEmptyPlan();
    assert.is((await post(JSON.stringify({ body: 'x'.repeat(2000) }))).status, 413);
    project.reset();
    expectExit(await project.run('apply'), 0);
    assert.is((await post(JSON.stringify({ body: 'x'.repeat(2000) }))).status, 201);
  });

  story('hand edits are named as drift and mended', async () => {
    await host.sh(
      "echo '# by hand' >> /etc/nginx/sites-available/notes.conf; chmod 600 /etc/fairlead/notes/app.env; rm /etc/nginx/sites-enabled/notes.conf; systemctl disable --quiet --now nginx; systemctl mask --quiet nginx",
    );
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(
      plan,
      '~ file /etc/nginx/sites-available/notes.conf drift',
      '-# by hand',
      '~ file /etc/fairlead/notes/app.env drift',
      'mode: 600 → 640',
      '+ symlink /etc/nginx/sites-enabled/notes.conf drift',
      '~ unit nginx.service drift',
      'enabled: masked → enabled',
      'start nginx.service',
    );
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
    assert.is((await ask('/readyz')).status, 200);
    assert.is((await host.sh("grep -c 'by hand' /etc/nginx/sites-available/notes.conf || true")).trim(), '0');
  });

  story('a release that somebody damaged is seen and made whole, while the site answers', async () => {
    await host.sh(
      'rm -r /srv/notes/releases/* && rm /etc/tmpfiles.d/notes-live.conf && systemctl disable --quiet notes-blue@2',
    );
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(plan, '~ release notes drift', 'whole: no → yes', 'atBoot: no → yes');
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
    assert.is((await ask('/readyz')).status, 200);
  });

  story('a login that is not root works through sudo', async () => {
    project.addHost(host, { user: 'deploy' });
    await expectEmptyPlan();
    project.edit('bodyLimit: 20m', 'bodyLimit: 21m');
    expectExit(await project.run('apply'), 0);
    project.addHost(host);
    project.reset();
    expectExit(await project.run('apply'), 0);
  });

  story('a change of the environment is a new release, switched without a failed request', async () => {
    const before = await liveSlot();
    let asked = 0;
    const failed: string[] = [];
    let go = true;
    const load = (async () => {
      while (go) {
        asked += 1;
        const answer = await (asked % 2 ? ask('/api/notes') : post('{"title":"during"}')).catch((error: Error) => ({
          ok: false,
          status: String(error.cause ?? error),
        }));
        if (!answer.ok) failed.push(String(answer.status));
        else await (answer as Response).arrayBuffer();
      }
    })();
    project.edit('LOG_LEVEL: info', 'LOG_LEVEL: warn');
    const apply = await project.run('apply');
    go = false;
    await load;
    expectExit(apply, 0);
    assert.is(failed.length, 0, `${failed.length} of ${asked} requests failed: ${[...new Set(failed)].join(', ')}`);
    assert.ok(asked > 100, `only ${asked} requests`);
    assert.is.not(await liveSlot(), before);
    await expectEmptyPlan();
  });

  story('a release that never gets ready is rolled back, and the old one serves on', async () => {
    const before = await liveSlot();
    project.edit(
      'start: node --max-semi-space-size=1 dist/server.js',
      'start: node -e \'setInterval(() => console.log("alive but deaf"), 500)\'',
    );
    project.edit('timeout: 60s', 'timeout: 3s');
    const apply = await project.run('apply');
    expectExit(apply, 3);
    includes(apply, 'was not ready within 3 s: /readyz was not answered', 'alive but deaf', 'put back', 'rolled back');
    assert.is((await ask('/readyz')).status, 200);
    assert.is(await liveSlot(), before);
    const other = before === 'blue' ? 'green' : 'blue';
    const active = `systemctl list-units --plain --no-legend --state=active 'notes-${other}@*' | wc -l`;
    assert.is((await host.sh(active)).trim(), '0');
    project.reset();
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
  });

  story('a failing migration is rolled back before anything goes live', async () => {
    project.edit(/migrations: .*/, 'migrations: node -e \'console.error("no such column"); process.exit(1)\'');
    const apply = await project.run('apply');
    expectExit(apply, 3);
    includes(apply, '✗ run the database migrations', 'no such column');
    assert.is((await ask('/readyz')).status, 200);
    project.reset();
    await expectEmptyPlan();
  });

  story('a configuration that Nginx refuses is never taken up', async () => {
    await host.sh("echo 'no_such_directive on;' > /etc/nginx/conf.d/foreign.conf");
    project.edit('bodyLimit: 20m', 'bodyLimit: 22m');
    const inode = () => host.sh('stat -c %i /etc/nginx/sites-available/notes.conf');
    const before = await inode();
    const apply = await project.run('apply');
    expectExit(apply, 1);
    includes(apply, '✗ check the configuration as it will be', 'no_such_directive', 'nothing was changed');
    assert.is(await inode(), before, 'the file was never another one');
    assert.match(await host.sh('cat /etc/nginx/sites-available/notes.conf'), 'client_max_body_size 20m;');
    assert.is((await ask('/readyz')).status, 200);
    await host.sh('rm /etc/nginx/conf.d/foreign.conf');
    project.reset();
    await expectEmptyPlan();
  });

  story('an executor that is killed is followed by a recovery, which puts back what it had begun', async () => {
    const kill = `cd /var/lib/fairlead/notes/transactions && old=$(ls | tail -n 1)
      until new=$(ls | tail -n 1) && [ "$new" != "$old" ] && grep -qs '^begin 2' "$new/journal"; do sleep 0.02; done
      systemctl kill --signal=KILL "fairlead-notes-$new"`;
    await host.exec(['systemd-run', '--quiet', '--collect', '--unit=killer', 'sh', '-c', kill]);
    project.edit('LOG_LEVEL: info', 'LOG_LEVEL: debug');
    const before = await host.sh('cat /etc/fairlead/notes/app.env');
    const apply = await project.run('apply');
    expectExit(apply, 3);
    includes(apply, 'was cut off; the host ends it', 'put back: write /etc/fairlead/notes/app.env', 'rolled back');
    assert.is(await host.sh('cat /etc/fairlead/notes/app.env'), before);
    assert.is((await ask('/readyz')).status, 200);
    assert.not.match((await project.run('plan')).text, 'has not ended');
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
  });

  story('a client that is killed does not stop what it began', async () => {
    const apply = project.run('apply');
    const seen =
      'for i in $(seq 600); do if ls -d /run/systemd/transient/fairlead-notes-2* >/dev/null 2>&1; then exit 0; fi; sleep 0.05; done; exit 1';
    await host.sh(seen);
    await project.killRunning();
    assert.is.not((await apply).exitCode, 0);
    await host.sh('for i in $(seq 300); do systemctl --quiet is-active "fairlead-notes-2*" || break; sleep 0.1; done');
    await expectEmptyPlan();
  });

  story('what leaves the file leaves the host, and comes back with it', async () => {
    project.edit(/\nproxy:\n(?:(?: .*)?\n)*/, '\n');
    project.edit(/environments:[\s\S]*/, '');
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(
      plan,
      '- file /etc/nginx/sites-available/notes.conf',
      '- symlink',
      '- package nginx',
      'deploy.yaml no longer names it',
    );
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
    const left = await host.sh(
      'ls /etc/nginx/sites-available/notes.conf /etc/nginx/sites-enabled/notes.conf 2>/dev/null || true; dpkg -l nginx 2>/dev/null | grep ^ii || true',
    );
    assert.is(left.trim(), '');
    project.reset();
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
    assert.match(await (await ask('/api/notes/1')).text(), 'Grüße aus dem Labor');
  });

  story('a killed instance comes back by itself', async () => {
    const unit = `notes-${(await host.sh('readlink /run/notes/live')).trim()}@1.service`;
    const before = await host.sh(`systemctl show -P MainPID ${unit}`);
    await host.sh(`kill -9 ${before}`);
    await readyAgain(15);
    for (let tries = 0; tries < 50; tries += 1) {
      const now = await host.sh(`systemctl show -P MainPID ${unit}`);
      if (now !== before && now !== '0' && (await host.sh(`systemctl is-active ${unit} || true`)).trim() === 'active')
        return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`${unit} did not come back`);
  });

  story('after a reboot everything is up by itself', async () => {
    await host.restart();
    await readyAgain(60);
    assert.match(await (await ask('/api/notes/1')).text(), 'Grüße aus dem Labor');
    project.addHost(host);
    await expectEmptyPlan();
  });

  story('a full disk is told before anything changes', async () => {
    const before = await snapshot();
    await host.sh('mount -t tmpfs -o size=1m tmpfs /opt');
    project.edit('LOG_LEVEL: info', 'LOG_LEVEL: error');
    project.edit('node: 24', 'node: 22');
    const apply = await project.run('apply');
    expectExit(apply, 1);
    includes(apply, 'MB free in /opt', 'nothing was changed', 'df -h');
    await host.sh('umount /opt');
    assert.is(await snapshot(), before);
    project.reset();
  });

  story('a disk that fills up in the middle ends the apply, and leaves nothing half-done', async () => {
    await host.sh('cp -a /var/lib/fairlead /root/kept; rm -rf /root/kept/notes/transactions');
    project.edit('bodyLimit: 20m', 'bodyLimit: 23m');
    // Inodes run out exactly where they are counted to: while the plan is unpacked, or in a later step.
    const kept = Number(await host.sh('find /root/kept/notes | wc -l'));
    for (const more of [5, 23, 29, 35]) {
      await host.sh(
        `mount -t tmpfs -o size=20m,nr_inodes=${kept + more} tmpfs /var/lib/fairlead; cp -a /root/kept/notes /var/lib/fairlead/`,
      );
      const apply = await project.run('apply');
      await host.sh('umount -l /var/lib/fairlead');
      if (more === 5) {
        expectExit(apply, 1);
        includes(apply, 'No space left', 'nothing was changed');
      }
      assert.ok([0, 1, 3, 4].includes(apply.exitCode), apply.text);
      assert.is((await ask('/readyz')).status, 200);
      assert.is((await host.sh("find /etc -name '.fairlead*' -o -name '*.fairlead-*' | wc -l")).trim(), '0');
    }
    await host.sh('rm -rf /root/kept');
    project.reset();
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
  });

  story('a host that is locked by another apply says by whom', async () => {
    project.edit('bodyLimit: 20m', 'bodyLimit: 24m');
    await host.sh("echo 'ann@laptop since noon' > /var/lib/fairlead/notes/holder");
    await host.sh('systemd-run --quiet --collect --unit=blocker flock /var/lib/fairlead/notes/lock sleep 60');
    const apply = await project.run('apply');
    await host.sh('systemctl stop blocker');
    expectExit(apply, 5);
    includes(apply, 'ann@laptop since noon');
    project.reset();
    await expectEmptyPlan();
  });

  story('a wrong host key and a host that is down are errors with the fix, and nothing is changed', async () => {
    const before = await snapshot();
    const { publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const blob = Buffer.concat([
      Buffer.from([0, 0, 0, 11]),
      Buffer.from('ssh-ed25519'),
      Buffer.from([0, 0, 0, 32]),
      raw,
    ]);
    project.addHost(host, { hostKeys: [`ssh-ed25519 ${blob.toString('base64')}`] });
    const wrong = await project.run('plan');
    expectExit(wrong, 1);
    includes(wrong, 'shows the host key SHA256:', 'host.yaml pins', 'ssh-keygen -lf');
    expectExit(await project.run('apply'), 8);
    project.addHost(host, { port: 1 });
    const down = await project.run('plan');
    expectExit(down, 1);
    includes(down, 'cannot be reached', 'nothing listens there');
    expectExit(await project.run('apply'), 8);
    project.addHost(host);
    assert.is(await snapshot(), before);
    for (const run of [wrong, down]) assert.not.match(run.text, /\n\s+at /);
  });

  story('a host with another release of the system is refused', async () => {
    const other = release === 'debian-12' ? 'debian-13' : 'debian-12';
    const path = `${project.folder}/hosts/production/web-1/host.yaml`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(release, other));
    const apply = await project.run('apply');
    expectExit(apply, 7);
    includes(apply, `web-1 is ${release}, but host.yaml says os: ${other}`);
    project.addHost(host);
  });

  test.run();
}
