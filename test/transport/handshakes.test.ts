/** Many connections at once, servers that hang up or say nothing, and links that die. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { client, clientWith, echo, folder, hostAt, hostKey, problem } from './client.ts';
import { startServer } from './server.ts';

const test = suite('handshakes');

test('at most ten are under way at a time', async () => {
  const server = await startServer(hostKey, client, echo);
  const { ssh } = clientWith();
  const all = await Promise.all(Array.from({ length: 25 }, () => ssh.connect(hostAt(server.port), folder)));
  for (const connection of all) connection.close();
  assert.is(server.logins, 25);
  assert.ok(server.busiest <= 10 && server.busiest > 1, `${server.busiest}`);
  await server.close();
});

test('a server that hangs up before its banner is tried again', async () => {
  const server = await startServer(hostKey, client, echo, { drops: 3 });
  const connection = await clientWith().ssh.connect(hostAt(server.port), folder);
  connection.close();
  assert.equal([server.accepted, server.logins], [4, 1]);
  await server.close();
});

test('one that always does is given up', async () => {
  const server = await startServer(hostKey, client, echo, { drops: 100 });
  const { code } = await problem(clientWith().ssh.connect(hostAt(server.port), folder));
  assert.is(code, 'ssh.unreachable');
  assert.is(server.accepted, 6);
  await server.close();
});

test('a server that says nothing is tried once more, and then named', async () => {
  const server = await startServer(hostKey, client, echo, { mute: true });
  const { message } = await problem(clientWith().ssh.connect(hostAt(server.port), folder));
  assert.match(message, 'Timed out while waiting for handshake');
  assert.is(server.accepted, 2);
  await server.close();
});

test('a wrong key and a refused login are tried once only', async () => {
  const server = await startServer(hostKey, client, echo);
  await problem(clientWith().ssh.connect(hostAt(server.port, { hostKeys: [client.public] }), folder));
  assert.is(server.accepted, 1);
  await problem(clientWith().ssh.connect(hostAt(server.port, { identityFile: 'stranger' }), folder));
  assert.is(server.accepted, 2);
  await server.close();
});

test('a link that dies ends the command with the code that no command has, and later ones with an error', async () => {
  const server = await startServer(hostKey, client, (channel) => {
    channel.write('begun\n');
    server.freeze();
  });
  const connection = await clientWith().ssh.connect(hostAt(server.port), folder);
  const begun = performance.now();
  const { code, stdout } = await connection.run('sleep 1000');
  assert.is(code, -1);
  assert.is(stdout.toString(), 'begun\n');
  assert.ok(performance.now() - begun < 2000);
  const { code: later } = await problem(connection.run('true'));
  assert.is(later, 'ssh.lost');
  connection.close();
  await server.close();
});

test.run();
