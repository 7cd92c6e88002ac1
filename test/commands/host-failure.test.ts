/** What goes wrong on one host hides no other; and what is asked before any host is connected. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { confirmReach } from '../../src/commands/apply-one.ts';
import { attachAll } from '../../src/commands/attach.ts';
import { audit } from '../../src/commands/audit.ts';
import { openSession, type Session, type Terminal } from '../../src/commands/context.ts';
import { failureOf } from '../../src/commands/host-failure.ts';
import { plan, planAll, secretsFor } from '../../src/commands/plan.ts';
import { type FakeHost, startFakeHost } from '../apply/fake-host.ts';
import { suite } from '../support/suite.ts';
import { newKey, startServer } from '../transport/server.ts';
import { folderWith, ran, removeFolders } from './project.ts';

const test = suite('a failure of one host');
const client = newKey();
const hosts: FakeHost[] = [];
// Nobody is asked in a test, even at a terminal.
Object.defineProperty(process.stdin, 'isTTY', { value: false });

test.before(async () => {
  for (const _ of ['app-1', 'app-2']) hosts.push(await startFakeHost(client, () => undefined));
});
test.after(async () => {
  removeFolders();
  await Promise.all(hosts.map((host) => host.close()));
});

const deploy = `name: notes
app: { source: ., start: node server.js }
proxy: { domains: [notes.example.com] }
tls: { provider: none }
ci: { provider: none }
`;

const hostYaml = (index: number, more: object = {}) =>
  JSON.stringify({
    name: `app-${index + 1}`,
    address: '127.0.0.1',
    privateAddress: `10.0.0.${index + 1}`,
    port: hosts[index]?.port,
    identityFile: 'client',
    os: 'debian-12',
    hostKeys: [hosts[index]?.hostKey],
    roles: ['app', 'proxy'],
    ...more,
  });

/** A project with two hosts that answer. */
const project = (more: object = {}) =>
  folderWith({
    'deploy.yaml': deploy,
    'server.js': '',
    'package.json': '{"name":"notes","scripts":{"start":"node server.js"}}',
    client: client.private,
    'hosts/production/app-1/host.yaml': hostYaml(0, more),
    'hosts/production/app-2/host.yaml': hostYaml(1, more),
  });

const terminal: Terminal = { out: { write: () => true }, err: { write: () => true }, environment: {} };
const sessionOf = (folder: string): Promise<Session> => openSession({ file: join(folder, 'deploy.yaml') }, terminal);

test("is told with what to do, and only a failure that nobody expected is Fairlead's fault", () => {
  const [diagnostic] = failureOf(new TypeError('x is undefined'), 'app-1').diagnostics;
  assert.equal([diagnostic?.code, diagnostic?.subject], ['host.internal', 'app-1']);
  assert.match(diagnostic?.message ?? '', 'TypeError: x is undefined');
  assert.match(diagnostic?.fix ?? '', 'FAIRLEAD_DEBUG=1');
  const expected = failureOf(new TypeError('x'), 'app-1');
  assert.is(failureOf(expected, 'app-2'), expected);
});

test('hides no other host from a plan', async () => {
  const session = await sessionOf(project());
  const secrets = secretsFor(session, terminal);
  const broken = new Proxy(session.hosts[0]!, {
    get(host, name) {
      if (name === 'os') throw new TypeError('nobody expects this');
      return Reflect.get(host, name);
    },
  });
  const [first, second] = await planAll({ ...session, hosts: [broken, session.hosts[1]!] }, secrets);
  assert.ok(first && 'error' in first);
  assert.is(first.error.diagnostics[0]?.code, 'host.internal');
  assert.ok(second && 'plan' in second);
  second.connection.close();
});

test('ends every host that is followed', async () => {
  const session = await sessionOf(project());
  const spec = new Proxy(session.spec, {
    get(of, name) {
      if (name === 'name') throw new TypeError('nobody expects this');
      return Reflect.get(of, name);
    },
  });
  const events: ApplyEvent[] = [];
  await attachAll({ ...session, spec }, undefined, (event) => events.push(event));
  assert.equal(events.map((event) => (event.type === 'end' ? [event.host, event.outcome] : event.type)).sort(), [
    ['app-1', 'failed'],
    ['app-2', 'failed'],
  ]);
});

test('names the folder that a plan cannot be saved in, and prints nothing else', async () => {
  const folder = project();
  const file = join(folder, 'deploy.yaml');
  const done = await ran((terminal) => plan({ file, out: join(folder, 'plan.json') }, terminal));
  assert.is(done.code, 2, 'the control');
  assert.match(done.err, 'saved as');
  assert.ok(existsSync(join(folder, 'plan.json')));
  const { code, codes, refusals, out } = await ran((terminal) =>
    plan({ file, out: join(folder, 'missing', 'plan.json') }, terminal),
  );
  assert.equal([code, codes], [1, ['plan.unwritable']]);
  assert.match(refusals, 'ENOENT');
  assert.is(out, '');
});

test('asks once for all hosts before an audit and before following', async () => {
  const folder = project({ user: 'deploy', sudo: 'password' });
  const file = join(folder, 'deploy.yaml');
  const subjects = async (command: () => Promise<unknown>) => {
    const error = await command().then(
      () => undefined,
      (thrown) => thrown,
    );
    return error?.diagnostics?.map(({ code, subject }: { code: string; subject: string }) => [code, subject]);
  };
  const missing = [['ssh.sudo-password-missing', 'app-1, app-2']];
  assert.equal(await subjects(() => audit({ file }, terminal, 'list')), missing);
  assert.equal(await subjects(async () => attachAll(await sessionOf(folder), undefined, () => undefined)), missing);
});

test('tells when the host does not take the confirmation, and closes that connection, too', async () => {
  const hostKey = newKey();
  for (const code of [0, 1]) {
    const server = await startServer(hostKey, client, (channel) => {
      channel.exit(code);
      channel.end();
    });
    const folder = project();
    const [host] = (await sessionOf(folder)).hosts;
    const reached = { ...host!, port: server.port, hostKeys: [hostKey.public] };
    const said = await confirmReach(reached, 'notes', 'one', folder).then(
      () => 'confirmed',
      (error: Error) => error.message,
    );
    assert.is(said, code === 0 ? 'confirmed' : 'app-1 did not take the confirmation (exit code 1)');
    assert.is(await server.close(), 0);
  }
});

test('is told without colours where only the result goes to a terminal', async () => {
  const folder = folderWith({
    'deploy.yaml': deploy,
    'server.js': '',
    client: client.private,
    'hosts/production/app-1/host.yaml': hostYaml(0, { port: 1 }),
  });
  const file = join(folder, 'deploy.yaml');
  for (const [name, command] of Object.entries({
    plan: (to: Terminal) => plan({ file }, to),
    audit: (to: Terminal) => audit({ file }, to, 'list'),
  })) {
    for (const isTTY of [false, true]) {
      let said = '';
      const err = { isTTY, write: (text: string) => (said += text) };
      await command({ out: { isTTY: true, write: () => true }, err, environment: {} });
      assert.match(said, 'ssh.unreachable', name);
      assert.is(said.includes('\u001b['), isTTY, name);
    }
  }
});

test.run();
