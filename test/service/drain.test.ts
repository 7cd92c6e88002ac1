import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { send, type Target } from './client.ts';
import { type Service, type Stack, serviceSuite } from './service.ts';

const test = serviceSuite('drain');

let sockets = 0;
const startOnSocket = (stack: Stack, graceMs: number, limitMs = 10_000) =>
  stack.start({
    PORT: join(stack.dir, `${++sockets}.sock`),
    DRAIN_GRACE_MS: String(graceMs),
    DRAIN_LIMIT_MS: String(limitMs),
  });

const keepAlive = () => new Agent({ keepAlive: true, maxSockets: 1 });

/** Opens a connection and sends what `bytes` has of a request. */
async function open(target: Target, bytes = ''): Promise<Socket> {
  assert.ok('socketPath' in target);
  const socket = connect(target.socketPath);
  await new Promise((resolve) => socket.once('connect', resolve));
  if (bytes) socket.write(bytes);
  await sleep(50);
  return socket;
}

const until = async (signal: NodeJS.Signals, service: Service) => {
  const started = performance.now();
  service.kill(signal);
  const code = await service.exitCode();
  return { code, ms: performance.now() - started };
};

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} without connections ends at once with 0, without waiting for the grace`, async (stack) => {
    const service = await startOnSocket(stack, 5000);
    const { code, ms } = await until(signal, service);
    assert.is(code, 0);
    assert.ok(ms < 3000, `${ms} ms`);
    assert.ok(await service.logged('drained'));
  });
}

test('an idle connection serves requests during the grace, and is told to close', async (stack) => {
  const service = await startOnSocket(stack, 3000);
  const [posts, probes] = [keepAlive(), keepAlive()];
  const before = await send(service.target, 'POST', '/api/notes', { body: {}, agent: posts });
  await send(service.target, 'GET', '/healthz', { agent: probes });
  const other = keepAlive();
  await send(service.target, 'GET', '/healthz', { agent: other });
  assert.is.not(before.headers.connection, 'close');

  service.kill('SIGTERM');
  await service.logged('draining');
  await sleep(400);
  const late = await send(service.target, 'POST', '/api/notes', { body: {}, agent: posts });
  assert.equal([late.status, late.headers.connection], [201, 'close']);
  const ready = await send(service.target, 'GET', '/readyz', { agent: probes });
  assert.equal([ready.status, ready.headers.connection], [503, 'close']);
  const alive = await send(service.target, 'GET', '/healthz', { agent: other });
  assert.equal([alive.status, alive.headers.connection], [200, 'close']);
  assert.is(await service.exitCode(), 0);
});

test('an idle connection is closed after the grace, not before', async (stack) => {
  const service = await startOnSocket(stack, 1000);
  const agent = keepAlive();
  await send(service.target, 'GET', '/healthz', { agent });
  const { code, ms } = await until('SIGTERM', service);
  assert.is(code, 0);
  assert.ok(ms > 950 && ms < 4000, `${ms} ms`);
});

test('a connection that never sent anything does not hold the process up to its limit', async (stack) => {
  const service = await startOnSocket(stack, 300);
  const socket = await open(service.target);
  const { code, ms } = await until('SIGTERM', service);
  assert.is(code, 0);
  assert.ok(ms > 250 && ms < 3000, `${ms} ms`);
  socket.destroy();
});

test('a connection accepted before the signal may still send its first request', async (stack) => {
  const service = await startOnSocket(stack, 2000);
  const socket = await open(service.target);
  service.kill('SIGTERM');
  await service.logged('draining');
  await sleep(400);
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.match((await socket.toArray()).join(''), /^HTTP\/1\.1 200 [\s\S]*Connection: close/);
  assert.is(await service.exitCode(), 0);
});

test('a request that is half sent when the signal comes is answered, however late', async (stack) => {
  const service = await startOnSocket(stack, 200);
  const head = 'POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n';
  const socket = await open(service.target, `${head}{"title"`);
  service.kill('SIGTERM');
  service.kill('SIGTERM');
  await service.logged('draining');
  await sleep(800);
  service.kill('SIGTERM');
  socket.write(':"x"}');
  assert.match((await socket.toArray()).join(''), /^HTTP\/1\.1 201 [\s\S]*Connection: close/);
  assert.is(await service.exitCode(), 0);
});

test('what has not ended at the limit is given up, with exit code 1 and a log line', async (stack) => {
  const service = await startOnSocket(stack, 100, 600);
  const socket = await open(service.target, 'POST /api/notes HTTP/1.1\r\nHost: x\r\n');
  const { code, ms } = await until('SIGTERM', service);
  assert.is(code, 1);
  assert.ok(ms > 550 && ms < 4000, `${ms} ms`);
  assert.is((await service.logged('drain limit reached')).connections, 1);
  socket.destroy();
});

/** Posts over one connection until the service says that it closes; then behaves like a proxy and leaves. */
async function postUntilClosed(target: Target) {
  const agent = keepAlive();
  let count = 0;
  for (;;) {
    const answer = await send(target, 'POST', '/api/notes', { body: { title: `load ${count}` }, agent });
    assert.is(answer.status, 201, answer.text);
    count++;
    if (answer.headers.connection === 'close') return count;
  }
}

/** Opens a connection for every request, as long as the socket takes connections; a refusal is fine, a reset is not. */
async function connectUntilRefused(target: Target) {
  for (let count = 0; ; count++) {
    try {
      const { status } = await send(target, 'POST', '/api/notes', { body: {}, agent: new Agent() });
      assert.is(status, 201);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      assert.ok(code === 'ENOENT' || code === 'ECONNREFUSED', `request ${count} was lost: ${error}`);
      return count;
    }
  }
}

test('no request is lost when the signal comes under load', async (stack) => {
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    await stack.postgres.sql('TRUNCATE notes');
    const service = await startOnSocket(stack, 1000);
    const kept = Array.from({ length: 6 }, () => postUntilClosed(service.target));
    const fresh = Array.from({ length: 6 }, () => connectUntilRefused(service.target));
    // However slow this machine is just now, the signal comes amid requests.
    while (Number(await stack.postgres.sql('SELECT count(*) FROM notes')) < 50) await sleep(50);
    service.kill('SIGTERM');
    const counts = await Promise.all([...kept, ...fresh]);
    assert.is(await service.exitCode(), 0);
    const answered = counts.reduce((sum, count) => sum + count, 0);
    assert.is(await stack.postgres.sql('SELECT count(*) FROM notes'), String(answered));
  }
});

test.run();
