/** A second project, of another shape (no build, no database, no git), on a host that has one already: neither sees the other. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const hello = `name: hello
app:
  source: hello
  build: 'true'
  start: node server.js "Hello, 100% & 'more'"
  instances: 1
tls:
  provider: none
host:
  manage: false
proxy:
  domains: [hello.test]
`;

const server = `import { createServer } from 'node:http';
const server = createServer((request, response) => response.end(process.argv[2]));
server.listen(process.env.PORT);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

for (const release of labReleases()) {
  const test = suite(`two projects on ${release}`);
  let host: LabHost;
  let notes: LabProject;
  let other: LabProject;

  test.before(async () => {
    host = await startHost({ release, image: 'plain', hostname: 'web-1' });
    [notes, other] = [new LabProject(), new LabProject()];
    for (const project of [notes, other]) project.addHost(host);
    mkdirSync(join(other.folder, 'hello'));
    writeFileSync(join(other.folder, 'hello', 'server.js'), server);
    writeFileSync(join(other.folder, 'hello', 'package.json'), '{ "type": "module" }\n');
    other.write(hello);
  });
  test.after(async () => {
    await host?.stop();
    notes?.remove();
    other?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const ask = (name: string, path: string) =>
    host.sh(`curl --silent --show-error --fail -H 'Host: ${name}' http://127.0.0.1${path}`);

  test('the first brings Nginx, the second finds it there', async () => {
    expectExit(await notes.run('apply'), 0);
    const plan = await other.run('plan');
    expectExit(plan, 2);
    assert.match(plan.text, '= package nginx');
    assert.not.match(plan.text, 'notes.conf');
    expectExit(await other.run('apply'), 0);
    expectExit(await other.run('plan'), 0);
  });

  test('the second does not get what the first has of the host, not even by taking it over', async () => {
    other.edit('manage: false', 'manage: true');
    const plan = await other.run('plan', '--adopt');
    assert.match(plan.text, '✗ file /etc/fairlead/firewall.nft');
    assert.match(plan.text, 'belongs to the project notes on this host');
    expectExit(await other.run('apply', '--adopt'), 7);
    other.write(hello);
    expectExit(await other.run('plan'), 0);
  });

  test('both answer, and the plan of the first is still empty', async () => {
    assert.is(await ask('hello.test', '/'), "Hello, 100% & 'more'");
    assert.match(await ask('localhost', '/api/notes'), '"notes":[]');
    expectExit(await notes.run('plan'), 0);
  });

  test('a new source is a new release', async () => {
    writeFileSync(join(other.folder, 'hello', 'server.js'), server.replace('process.argv[2]', "'changed'"));
    const plan = await other.run('plan');
    expectExit(plan, 2);
    assert.match(plan.text, /deploy\.yaml:3 app\.source/);
    expectExit(await other.run('apply'), 0);
    assert.is(await ask('hello.test', '/'), 'changed');
  });

  test('what the first brought stays as long as the second needs it', async () => {
    notes.edit(/\nproxy:\n(?:(?: .*)?\n)*/, '\n');
    notes.edit(/environments:[\s\S]*/, '');
    const apply = await notes.run('apply');
    expectExit(apply, 0);
    assert.match(apply.text, '✓ remove package nginx, unless another project needs it');
    expectExit(await notes.run('plan'), 0);
    assert.is(await ask('hello.test', '/'), 'changed');
    expectExit(await other.run('plan'), 0);
  });

  test('what was there before a project stays when it leaves its file', async () => {
    other.write(hello.replace(/proxy:[\s\S]*/, ''));
    const apply = await other.run('apply');
    expectExit(apply, 0);
    assert.match(apply.text, 'it stays, because it was there before this project');
    expectExit(await other.run('plan'), 0);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of dpkg
    assert.match(await host.sh('dpkg-query -W -f="\\${db:Status-Abbrev}" nginx; ls /etc/nginx/sites-enabled'), /^ii/);
    assert.is((await host.sh('ls /etc/nginx/sites-enabled | grep -c hello || true')).trim(), '0');
  });

  test.run();
}
