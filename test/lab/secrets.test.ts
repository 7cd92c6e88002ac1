/** Secrets on a real host: they reach the program as credentials, and nobody and nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const deploy = `name: hello
app:
  source: hello
  build: node --version
  start: node server.js
  instances: 1
  secrets: [TOKEN, SESSION_KEY]
host: { manage: false }
secrets:
  TOKEN: { from: file, path: token }
  SESSION_KEY: { from: generated }
`;

/** Answers with the secrets that it was given: nobody should write such a program. */
const server = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const read = (name) => readFileSync(process.env[name + '_FILE'], 'utf8');
const server = createServer((request, response) => response.end(read('TOKEN') + ' ' + read('SESSION_KEY')));
server.listen(process.env.PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

for (const release of labReleases()) {
  const test = suite(`secrets on ${release}`);
  let host: LabHost;
  let project: LabProject;
  let made = '';

  test.before(async () => {
    host = await startHost({ release, image: 'plain', hostname: 'web-1' });
    project = new LabProject();
    project.addHost(host);
    mkdirSync(join(project.folder, 'hello'));
    writeFileSync(join(project.folder, 'hello', 'server.js'), server);
    writeFileSync(join(project.folder, 'hello', 'package.json'), '{ "type": "module" }\n');
    project.write(deploy);
    const path = join(project.folder, 'hosts', 'production', 'web-1', 'host.yaml');
    writeFileSync(path, 'roles: [app]\n', { flag: 'a' });
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const setToken = (value: string) => writeFileSync(join(project.folder, 'token'), value, { mode: 0o600 });
  const ask = () => host.sh('curl --silent --fail --unix-socket /run/hello/live/1.sock http://localhost/');
  const onHost = (text: string) =>
    host.sh(
      `grep -rlF -e '${text}' /etc /var /srv /run /tmp /root /opt --exclude-dir=credentials 2>/dev/null | sort || true`,
    );

  test('without a value a plan says so, and an apply is refused before it begins', async () => {
    const plan = await project.run('plan');
    expectExit(plan, 2);
    const apply = await project.run('apply');
    expectExit(apply, 7);
    assert.match(apply.text, 'the secret TOKEN could not be fetched: the file token does not exist');
    assert.is((await host.sh('ls /var/lib/fairlead 2>/dev/null | wc -l')).trim(), '0');
  });

  test('an apply hands them to the program, and the next plan is empty', async () => {
    setToken('marker-first\n');
    const apply = await project.run('apply');
    expectExit(apply, 0);
    assert.not.match(apply.text, 'marker');
    const [token, key = ''] = (await ask()).split(' ');
    assert.is(token, 'marker-first');
    assert.match(key, /^[0-9a-f]{64}$/);
    made = key;
    expectExit(await project.run('plan'), 0);
  });

  test('they lie in their files alone, for root alone, and in no process list or log', async () => {
    const folder = '/etc/fairlead/hello/secrets';
    assert.is(await onHost('marker-first'), `${folder}/TOKEN`);
    assert.is(await onHost(made), `${folder}/SESSION_KEY`);
    assert.is(await host.sh(`stat -c '%a %U' ${folder} ${folder}/*`), '700 root\n600 root\n600 root');
    const { exitCode } = await host.exec([
      'setpriv',
      '--reuid=nobody',
      '--regid=nogroup',
      '--clear-groups',
      'sh',
      '-c',
      'cat /run/credentials/*/TOKEN /etc/fairlead/hello/secrets/TOKEN',
    ]);
    assert.is.not(exitCode, 0);
    assert.is((await host.sh("journalctl --no-pager | grep -c 'marker-firs[t]' || true")).trim(), '0');
    assert.is(
      (
        await host.sh(
          "cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'marker-firs[t]' || true",
        )
      ).trim(),
      '0',
    );
  });

  test('one that was renewed is shown by its name, put in place, taken up, and gone from where it was', async () => {
    const serving = () => host.sh('readlink -f /run/hello/release && wc -l </srv/hello/history.jsonl');
    const [before, slot] = [await serving(), await host.sh('readlink /run/hello/live')];
    setToken('marker-second\n');
    const plan = await project.run('plan');
    expectExit(plan, 2);
    assert.match(plan.text, '~ secret /etc/fairlead/hello/secrets/TOKEN');
    assert.match(plan.text, 'value changed in deploy.yaml or its source');
    assert.match(plan.text, 'its instances take up TOKEN, which changed');
    assert.not.match(plan.text, 'marker');
    expectExit(await project.run('apply'), 0);
    // The same release in its other slot, which nobody has to go back over.
    assert.is(await ask(), `marker-second ${made}`);
    assert.is(await serving(), before);
    assert.is.not(await host.sh('readlink /run/hello/live'), slot);
    assert.is(await host.sh('cat /etc/fairlead/hello/secrets/TOKEN'), 'marker-second');
    assert.is(await host.sh('cat /etc/fairlead/hello/secrets/SESSION_KEY'), made);
    assert.is(await onHost('marker-first'), '');
    expectExit(await project.run('plan'), 0);
  });

  test('without its value a plan of a host that has it shows no change', async () => {
    writeFileSync(join(project.folder, 'token'), '');
    const plan = await project.run('plan');
    expectExit(plan, 0);
    assert.match(plan.text, 'was not compared: the secret TOKEN could not be fetched: it is empty');
  });

  test.run();
}
