import { existsSync } from 'node:fs';
import { lstat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { send } from './client.ts';
import { run, serviceSuite } from './service.ts';

const test = serviceSuite('listening on a unix socket');

test('the socket answers, and is gone after an orderly end', async ({ start, dir }) => {
  const path = join(dir, 'orderly.sock');
  const service = await start({ PORT: path, DRAIN_GRACE_MS: '200' });
  assert.is((await send(service.target, 'POST', '/api/notes', { body: {} })).status, 201);
  service.kill('SIGTERM');
  assert.is(await service.exitCode(), 0);
  assert.not.ok(existsSync(path));
});

test('the socket file of a killed process is replaced', async ({ start, dir }) => {
  const path = join(dir, 'stale.sock');
  const killed = await start({ PORT: path });
  await killed.stop();
  assert.ok((await lstat(path)).isSocket());
  const next = await start({ PORT: path });
  assert.is((await send(next.target, 'GET', '/readyz')).status, 200);
});

test('the socket of a living process is left alone', async ({ start, dir, postgres }) => {
  const path = join(dir, 'living.sock');
  const living = await start({ PORT: path });
  const { exitCode, stdout } = await run(['dist/server.js'], { ...postgres.environment, PORT: path });
  assert.is(exitCode, 1);
  assert.match(stdout, `cannot listen on ${path}: another process is listening there`);
  assert.is((await send(living.target, 'GET', '/healthz')).status, 200);
});

test('a file that is not a socket is left alone', async ({ dir, postgres }) => {
  const path = join(dir, 'precious.txt');
  await writeFile(path, 'precious');
  const { exitCode, stdout } = await run(['dist/server.js'], { ...postgres.environment, PORT: path });
  assert.is(exitCode, 1);
  assert.match(stdout, `cannot listen on ${path}: it exists and is not a socket`);
  assert.is((await lstat(path)).size, 8);
});

test('a TCP port in use is an error that names it', async ({ start, postgres }) => {
  const { target } = await start();
  assert.ok('port' in target);
  const { exitCode, stdout } = await run(['dist/server.js'], { ...postgres.environment, PORT: String(target.port) });
  assert.is(exitCode, 1);
  assert.match(stdout, `cannot listen on 127.0.0.1:${target.port}: another process is listening there`);
});

test.run();
