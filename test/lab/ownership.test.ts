/**
 * What a project owns on a real host: taken over and given back, protected, saved as a plan, drifted, and removed by a token. Each
 * test builds on the one before.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const base = `name: hello
app:
  source: hello
  build: 'true'
  start: node server.js
  instances: 1
tls:
  provider: none
host:
  manage: false
proxy:
  domains: [hello.test]
  bodyLimit: 20m
`;
const database = 'database:\n  engine: postgres\nbackups:\n  engine: none\n';
const withJob = base.replace(
  '  instances: 1',
  '  instances: 1\n  jobs:\n    tidy: { command: node tidy.js, schedule: "0 3 * * *" }',
);

const server = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end('hello'));
server.listen(process.env.PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

const site = '/etc/nginx/sites-available/hello.conf';
const unitFile = '/etc/systemd/system/hello-job-tidy.service';

for (const release of labReleases()) {
  const test = suite(`ownership on ${release}`);
  let host: LabHost;
  let project: LabProject;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    project = new LabProject();
    project.addHost(host);
    mkdirSync(join(project.folder, 'hello'));
    writeFileSync(join(project.folder, 'hello', 'server.js'), server);
    writeFileSync(join(project.folder, 'hello', 'tidy.js'), '');
    writeFileSync(join(project.folder, 'hello', 'package.json'), '{ "type": "module" }\n');
    project.write(base + database);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const includes = (run: Run, ...texts: (string | RegExp)[]) => {
    for (const text of texts) assert.match(run.text, text, `${text} is missing in:\n${run.text}`);
  };
  const expectEmptyPlan = async () => expectExit(await project.run('plan'), 0);
  const state = async (path: string) => (await host.sh(`stat -c '%a %U:%G' ${path}; sha256sum <${path}`)).trim();
  const snapshot = () =>
    host.sh('find /etc /srv /opt /var/lib/fairlead -xdev -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum');

  test('the project is there', async () => {
    const apply = await project.run('apply');
    expectExit(apply, 0);
    includes(apply, 'point of no return: step ', /^plan [0-9a-f]{12}$/m);
    await expectEmptyPlan();
  });

  test('what is in the way is taken over when that is asked for', async () => {
    await host.sh(
      `printf '# theirs\\000\\377 \\n' >${unitFile}; chown www-data:adm ${unitFile}; chmod 604 ${unitFile}`,
    );
    project.write(withJob + database);
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(plan, `✗ file ${unitFile}`, `to take it over: --adopt ${unitFile}`);
    expectExit(await project.run('apply'), 7);
    const apply = await project.run('apply', '--adopt', unitFile);
    expectExit(apply, 0);
    includes(apply, `✓ keep what is at ${unitFile}`);
    assert.match(await host.sh(`cat ${unitFile}`), 'tidy.js');
    await expectEmptyPlan();
  });

  test('and comes back as it was, to the byte, with its mode and owner', async () => {
    project.write(base + database);
    const plan = await project.run('plan');
    expectExit(plan, 2);
    includes(plan, 'what was there before comes back');
    expectExit(await project.run('apply'), 0);
    await host.sh(
      `printf '# theirs\\000\\377 \\n' >/tmp/expected; chown www-data:adm /tmp/expected; chmod 604 /tmp/expected`,
    );
    assert.is(await state(unitFile), await state('/tmp/expected'));
    await expectEmptyPlan();
    await host.sh(`rm ${unitFile} /tmp/expected; systemctl daemon-reload`);
  });

  test('a protected file outlives both its keys, until it was applied without', async () => {
    project.write(`${withJob}${database}protect: ['file:${unitFile}']\n`);
    expectExit(await project.run('apply'), 0);
    project.write(base + database);
    const plan = await project.run('plan');
    includes(plan, `! file ${unitFile}`, 'it is protected: put it back, apply once without');
    expectExit(await project.run('apply'), 0);
    assert.match(await host.sh(`cat ${unitFile}`), 'tidy.js');
    await expectEmptyPlan();
    project.write(withJob + database);
    const apply = await project.run('apply');
    expectExit(apply, 0);
    includes(apply, 'it will no longer be protected');
    project.write(base + database);
    expectExit(await project.run('apply'), 0);
    assert.is((await host.sh(`ls ${unitFile} 2>/dev/null || echo gone`)).trim(), 'gone');
  });

  test('a saved plan is done as it was reviewed, or not at all', async () => {
    project.edit('bodyLimit: 20m', 'bodyLimit: 1k');
    const plan = await project.run('plan', '--out', 'plan.json');
    expectExit(plan, 2);
    includes(plan, 'npm run apply -- plan.json');
    await host.sh(`cp -a ${site} /root/site; echo '# by hand' >>${site}`);
    const before = await snapshot();
    const stale = await project.run('apply', 'plan.json');
    expectExit(stale, 6);
    includes(stale, `the host has changed: file ${site}`, 'Nothing was changed');
    assert.is(await snapshot(), before);
    const contradictory = await project.run('apply', 'plan.json', '--host', 'web-1');
    expectExit(contradictory, 7);
    await host.sh(`mv /root/site ${site}`);
    const apply = await project.run('apply', 'plan.json');
    expectExit(apply, 0);
    const hash = JSON.parse(readFileSync(join(project.folder, 'plan.json'), 'utf8')).hosts[0].hash as string;
    includes(apply, `plan ${hash.slice(0, 12)}`);
    assert.match(await host.sh(`cat ${site}`), 'client_max_body_size 1k;');
    const again = await project.run('apply', 'plan.json');
    expectExit(again, 6);
    includes(again, 'another apply came in between');
    await expectEmptyPlan();
  });

  test('a saved plan is stale once deploy.yaml says something else', async () => {
    project.edit('bodyLimit: 1k', 'bodyLimit: 2k');
    expectExit(await project.run('plan', '--out', 'plan.json'), 2);
    project.edit('bodyLimit: 2k', 'bodyLimit: 3k');
    const stale = await project.run('apply', 'plan.json');
    expectExit(stale, 6);
    includes(stale, `deploy.yaml or the source compiles to something else: file ${site}`);
    project.edit('bodyLimit: 3k', 'bodyLimit: 1k');
    await expectEmptyPlan();
  });

  test('drift is told from edits of the file', async () => {
    expectExit(await project.run('plan', '--drift'), 0);
    await host.sh(`echo '# by hand' >>${site}`);
    project.edit('instances: 1', 'instances: 2');
    const drift = await project.run('plan', '--drift');
    expectExit(drift, 2);
    includes(drift, `~ file ${site} drift`, '-# by hand', '1 changed on the host since the last apply');
    assert.not.match(drift.text, 'release hello');
    const markdown = await project.run('plan', '--drift', '--format', 'markdown');
    expectExit(markdown, 2);
    includes(markdown, '## Drift of production', `<details><summary>file ${site}</summary>`, '```diff');
    const json = JSON.parse((await project.run('plan', '--drift', '--json')).stdout);
    assert.equal(
      json.drift[0].drifted.map((change: { id: string; touched: string[] }) => [change.id, change.touched]),
      [[`file:${site}`, ['content']]],
    );
    project.edit('instances: 2', 'instances: 1');
    expectExit(await project.run('apply'), 0);
    expectExit(await project.run('plan', '--drift'), 0);
  });

  test('a folder with a bit too many is put right, and stays so', async () => {
    await host.sh('chmod g+s /etc/fairlead/hello');
    includes(await project.run('plan', '--drift'), 'directory /etc/fairlead/hello drift');
    expectExit(await project.run('apply'), 0);
    await expectEmptyPlan();
  });

  test('a database is dropped by its token, and by nothing else', async () => {
    project.write(base.replace('20m', '1k'));
    const kept = await project.run('apply');
    expectExit(kept, 0);
    includes(kept, /! postgres-database hello\n.*it stays: it holds data\n {4}to remove it: --remove [0-9a-f]{8}/);
    const count = `cd / && setpriv --reuid=postgres --regid=postgres --init-groups psql -XAtq -d postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'hello'"`;
    assert.is((await host.sh(count)).trim(), '1', 'the control');
    const plan = await project.run('plan');
    expectExit(plan, 0);
    const token = (name: string) =>
      plan.text.match(new RegExp(`! ${name}\\n.*\\n *to remove it: --remove (\\w+)`))?.[1] ?? '';
    const wrong = await project.run('apply', '--remove', '00000000');
    expectExit(wrong, 7);
    includes(wrong, 'not of the plan as it is now');
    const tokens = [token('postgres-database hello'), token('postgres-role hello')];
    const shown = await project.run('plan', '--remove', ...tokens);
    expectExit(shown, 2);
    includes(shown, 'what cannot be put back: drop database hello with all its data; drop PostgreSQL role hello');
    expectExit(await project.run('apply', '--remove', ...tokens), 0);
    assert.is((await host.sh(count)).trim(), '0');
    await expectEmptyPlan();
    expectExit(await project.run('apply', '--remove', ...tokens), 7);
  });

  test('a file that lost everything is refused until that is allowed', async () => {
    const before = await snapshot();
    project.write(base.replace(/proxy:[\s\S]*/, '').replace('name: hello', 'name: hello\nprotect: []'));
    writeFileSync(
      join(project.folder, 'hosts', 'production', 'web-1', 'host.yaml'),
      readFileSync(join(project.folder, 'hosts', 'production', 'web-1', 'host.yaml'), 'utf8').concat(
        'roles: [database]\n',
      ),
    );
    const plan = await project.run('plan');
    const token = plan.text.match(/add --prune (\w{8})/)?.[1];
    assert.ok(token, plan.text);
    const apply = await project.run('apply');
    expectExit(apply, 7);
    includes(apply, 'refused', 'Nothing was changed');
    assert.is(await snapshot(), before);
  });

  test.run();
}
