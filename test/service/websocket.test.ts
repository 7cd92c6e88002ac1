import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { closeMs, WebSockets } from '../../service/src/websockets.ts';
import { suite } from '../support/suite.ts';
import { send, type Target } from './client.ts';
import { Service, serviceSuite } from './service.ts';
import { Client, close } from './websocket.ts';

const test = suite('WebSockets during a drain');

const program = fileURLToPath(new URL('echo-server.ts', import.meta.url));

/** Runs a check on a program with WebSockets that keeps them for `keptMs` of a drain. */
async function withProgram(keptMs: number, env: Record<string, string>, check: (program: Service) => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), 'notes-websocket-'));
  const limits = { DRAIN_GRACE_MS: '200', DRAIN_WEBSOCKETS_MS: String(keptMs), DRAIN_LIMIT_MS: '5000' };
  const socket = join(dir, '1.sock');
  const running = await Service.start({ PGUSER: 'nobody', PORT: socket, ...limits, ...env }, [
    '--import',
    'tsx',
    program,
  ]);
  try {
    await check(running);
  } finally {
    await running.stop();
    await rm(dir, { recursive: true });
  }
}

/** Answer of the program after so many milliseconds; the status, or the code of the error. */
const ask = (target: Target, ms: number) =>
  new Promise<number | string | undefined>((resolve) => {
    get({ ...target, path: `/${ms}`, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });

test('they go on until their limit, then close with 1001; requests are answered, and new connections refused', () =>
  withProgram(1000, {}, async (running) => {
    const client = await Client.open(running.target);
    assert.is(await client.echo('before'), 'before');
    const slow = ask(running.target, 2500);
    await sleep(200);
    const started = performance.now();
    running.kill('SIGTERM');
    await running.logged('draining');
    await sleep(200);
    assert.is(await ask(running.target, 0), 'ENOENT');
    assert.is(await client.echo('meanwhile'), 'meanwhile');
    await sleep(300);
    assert.is(await client.echo('late'), 'late');
    const farewell = await client.next();
    const ms = performance.now() - started;
    assert.equal([farewell?.opcode, farewell?.payload.toString('hex')], [close, '03e9']);
    assert.ok(ms > 950 && ms < 2000, `closed after ${ms} ms`);
    client.send(close, farewell!.payload);
    assert.is(await client.next(), undefined);
    assert.is(await slow, 200);
    assert.is(await running.exitCode(), 0);
    assert.ok(performance.now() - started > 2000, 'the request was still at work after that');
    assert.equal((await running.logged('draining')).websockets, 1);
  }));

test('a client that does not answer the Close frame is let go, which is no failure', () =>
  withProgram(300, {}, async (running) => {
    const client = await Client.open(running.target);
    const started = performance.now();
    running.kill('SIGTERM');
    assert.equal((await client.next())?.opcode, close);
    assert.is(await client.next(), undefined, 'one Close frame, and the end');
    assert.is(await running.exitCode(), 0);
    const ms = performance.now() - started;
    assert.ok(ms > 300 + closeMs - 50 && ms < 4000, `${ms} ms`);
  }));

test('one that Drain was not told of holds the process up to its limit', () =>
  withProgram(300, { KEEP: 'no', DRAIN_LIMIT_MS: '1500' }, async (running) => {
    const client = await Client.open(running.target);
    running.kill('SIGTERM');
    assert.is(await running.exitCode(), 1);
    assert.is(await client.next(), undefined);
  }));

test('a program may say it in its own way, and once; a connection that is gone is told nothing', () => {
  const websockets = new WebSockets();
  const [own, gone] = [new PassThrough(), new PassThrough()];
  const told: string[] = [];
  gone.destroy();
  websockets.add(own, () => told.push('own'));
  websockets.add(gone, () => told.push('gone'));
  for (const now of [0, 10, closeMs - 1]) websockets.close(now);
  assert.equal([told, own.destroyed, websockets.size], [['own'], false, 1]);
  websockets.close(closeMs);
  assert.is(own.destroyed, true);
});

const api = serviceSuite('upgrades that nobody handles');

api('the notes API answers a request for an upgrade as any other', async (stack) => {
  const { target } = await stack.start();
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  assert.is((await send(target, 'GET', '/healthz', { headers })).status, 200);
  assert.is((await send(target, 'GET', '/socket', { headers })).status, 404);
  assert.is((await send(target, 'POST', '/api/notes', { headers, body: {} })).status, 201);
});

test.run();
api.run();
