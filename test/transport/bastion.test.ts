/** Reaching hosts through a bastion: one connection to it for all, keys of its own, and errors that say which of the two failed. */
import * as assert from 'uvu/assert';
import type { Jump } from '../../src/transport/endpoint.ts';
import { suite } from '../support/suite.ts';
import { bastionKey, client, clientWith, echo, folder, hostAt, hostKey, problem, stranger } from './client.ts';
import { type Behaviour, newKey, startServer, type TestServer } from './server.ts';

const test = suite('bastion');

const jumpTo = (port: number, more: Partial<Jump> = {}): Jump => ({
  address: '127.0.0.1',
  port,
  user: 'jump',
  identityFile: 'client',
  hostKeys: [bastionKey.public],
  ...more,
});

interface Network {
  readonly host: TestServer;
  readonly bastion: TestServer;
}

/** Runs a test with a host and a bastion, and makes sure that no connection to either is left. */
async function between(use: (network: Network) => Promise<void>, bastionDoes: Behaviour = { forwards: true }) {
  const host = await startServer(hostKey, client, echo);
  const bastion = await startServer(bastionKey, client, () => undefined, bastionDoes);
  try {
    await use({ host, bastion });
  } finally {
    assert.is(await host.close(), 0, 'connections to the host');
    assert.is(await bastion.close(), 0, 'connections to the bastion');
  }
}

test('a script runs on the host behind it', () =>
  between(async ({ host, bastion }) => {
    const connection = await clientWith().ssh.connect(hostAt(host.port, { jump: jumpTo(bastion.port) }), folder);
    assert.is((await connection.run('true')).stdout.toString(), "sh -c 'true'");
    connection.close();
    assert.equal([host.logins, bastion.logins], [1, 1]);
  }));

test('hosts share one connection to it, and each has its own behind it', () =>
  between(async ({ host, bastion }) => {
    const { ssh } = clientWith();
    const behind = hostAt(host.port, { jump: jumpTo(bastion.port) });
    const connections = await Promise.all(Array.from({ length: 15 }, () => ssh.connect(behind, folder)));
    const fresh = await ssh.connect(behind, folder);
    connections.forEach((connection) => {
      connection.close();
    });
    assert.is((await fresh.run('id')).code, 0, 'what others close does not concern it');
    fresh.close();
    assert.equal([host.logins, bastion.logins], [16, 1]);
  }));

test('another is made when the last route through it was closed', () =>
  between(async ({ host, bastion }) => {
    const { ssh } = clientWith();
    for (let times = 0; times < 2; times += 1)
      (await ssh.connect(hostAt(host.port, { jump: jumpTo(bastion.port) }), folder)).close();
    assert.is(bastion.logins, 2);
  }));

test('another user of it gets a connection of its own', () =>
  between(async ({ host, bastion }) => {
    const { ssh } = clientWith();
    const users = ['jump', 'other'];
    const all = users.map((user) => ssh.connect(hostAt(host.port, { jump: jumpTo(bastion.port, { user }) }), folder));
    for (const connection of await Promise.all(all)) connection.close();
    assert.is(bastion.logins, 2);
  }));

test('the pinned keys of the host do not vouch for it, nor its keys for the host', () =>
  between(async ({ host, bastion }) => {
    const jump = jumpTo(bastion.port, { hostKeys: [hostKey.public] });
    const first = await problem(clientWith().ssh.connect(hostAt(host.port, { jump }), folder));
    assert.is(first.code, 'ssh.host-key');
    assert.is(first.subject, 'web-1');
    assert.match(first.message, /^the bastion 127\.0\.0\.1:\d+ shows the host key/);
    assert.match(first.fix, 'jump.hostKeys');
    const other = hostAt(host.port, { jump: jumpTo(bastion.port), hostKeys: [bastionKey.public] });
    const second = await problem(clientWith().ssh.connect(other, folder));
    assert.is(second.code, 'ssh.host-key');
    assert.match(second.message, /^127\.0\.0\.1:\d+ shows the host key/);
  }));

test('a wrong key is refused by whichever of the two it is wrong for', () =>
  between(async ({ host, bastion }) => {
    assert.ok(stranger);
    const jump = jumpTo(bastion.port, { identityFile: 'stranger' });
    const first = await problem(clientWith().ssh.connect(hostAt(host.port, { jump }), folder));
    assert.match(first.message, 'the bastion 127.0.0.1');
    assert.match(first.message, 'does not let jump in');
    const behind = hostAt(host.port, { jump: jumpTo(bastion.port), identityFile: 'stranger' });
    const second = await problem(clientWith().ssh.connect(behind, folder));
    assert.is(second.code, 'ssh.login');
    assert.match(second.message, /^127\.0\.0\.1:\d+ does not let root in/);
  }));

test('every host names itself when the bastion is down', async () => {
  const bastion = await startServer(bastionKey, client, () => undefined);
  await bastion.close();
  const { ssh } = clientWith();
  const names = ['web-1', 'web-2'];
  const all = names.map((name) => problem(ssh.connect(hostAt(1, { name, jump: jumpTo(bastion.port) }), folder)));
  const problems = await Promise.all(all);
  assert.equal(
    problems.map(({ subject }) => subject),
    names,
  );
  assert.match(problems[0]!.message, `the bastion 127.0.0.1:${bastion.port} cannot be reached: nothing listens there`);
  assert.match(problems[0]!.fix, 'jump.address');
});

test('a bastion that does not forward says so', () =>
  between(async ({ host, bastion }) => {
    const work = clientWith().ssh.connect(hostAt(host.port, { jump: jumpTo(bastion.port) }), folder);
    const { message, code, fix } = await problem(work);
    assert.is(code, 'ssh.bastion-forwarding');
    assert.match(message, `the bastion 127.0.0.1:${bastion.port} does not let jump forward connections to 127.0.0.1`);
    assert.match(fix, 'AllowTcpForwarding');
  }, {}));

test('a host that is down is named with its bastion', () =>
  between(async ({ bastion }) => {
    const gone = await startServer(newKey(), client, echo);
    await gone.close();
    const work = clientWith().ssh.connect(hostAt(gone.port, { jump: jumpTo(bastion.port) }), folder);
    const { message } = await problem(work);
    assert.match(message, new RegExp(`127.0.0.1:${gone.port} cannot be reached from the bastion 127.0.0.1:\\d+`));
  }));

test.run();
