import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type Answer, send } from './client.ts';
import { type Service, type Stack, serviceSuite } from './service.ts';

const test = serviceSuite('database outage');

const calls: [method: string, path: string, body?: unknown][] = [
  ['GET', '/readyz'],
  ['GET', '/api/notes'],
  ['GET', '/api/notes/1'],
  ['POST', '/api/notes', {}],
  ['PATCH', '/api/notes/1', { title: 'x' }],
  ['DELETE', '/api/notes/1'],
];

async function assertUnavailable({ target }: Service) {
  for (const [method, path, body] of calls) {
    const { status, headers, text } = await send(target, method, path, { body });
    assert.is(status, 503, `${method} ${path}: ${text}`);
    assert.is(headers['retry-after'], '2');
  }
  assert.is((await send(target, 'GET', '/healthz')).status, 200);
}

async function assertRecovers({ target }: Service) {
  const deadline = Date.now() + 10_000;
  while ((await send(target, 'GET', '/readyz')).status !== 200) {
    assert.ok(Date.now() < deadline, 'the service did not become ready again');
    await sleep(50);
  }
  assert.is((await send(target, 'POST', '/api/notes', { body: {} })).status, 201);
}

/** Holds a lock on the whole table while `work` runs. */
async function whileLocked(stack: Stack, work: () => Promise<void>) {
  const release = new AbortController();
  const holder = stack.postgres.sql('BEGIN; LOCK TABLE notes; SELECT pg_sleep(30)', release.signal).catch(() => '');
  const granted =
    "SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass AND mode = 'AccessExclusiveLock' AND granted";
  while ((await stack.postgres.sql(granted)) !== '1') await sleep(20);
  try {
    await work();
  } finally {
    release.abort();
    await holder;
    await stack.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'");
  }
}

test('a service whose database stops says 503, and works again when it is back', async (stack) => {
  const service = await stack.start();
  await assertRecovers(service);
  await stack.postgres.stop();
  await assertUnavailable(service);
  await stack.postgres.start();
  await assertRecovers(service);
});

test('a service that starts before its database waits for it, alive', async (stack) => {
  await stack.postgres.stop();
  const service = await stack.start();
  await assertUnavailable(service);
  await stack.postgres.start();
  await assertRecovers(service);
});

test('connections that the server ends while idle are replaced unnoticed', async (stack) => {
  const service = await stack.start();
  await assertRecovers(service);
  await stack.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notes'");
  await sleep(100);
  for (let count = 0; count < 4; count++) assert.is((await send(service.target, 'GET', '/api/notes')).status, 200);
});

test('a statement that takes too long is 503, and the connection stays usable', async (stack) => {
  const service = await stack.start({ STATEMENT_TIMEOUT_MS: '200', DB_POOL_MAX: '1' });
  await whileLocked(stack, async () => {
    const { status, json } = await send(service.target, 'GET', '/api/notes');
    assert.equal([status, json.detail], [503, 'The database took too long.']);
  });
  assert.is((await send(service.target, 'GET', '/api/notes')).status, 200);
});

test('a busy pool is 503 after the acquire limit, also for readiness', async (stack) => {
  const service = await stack.start({ DB_POOL_MAX: '1', DB_POOL_ACQUIRE_MS: '300', READY_TIMEOUT_MS: '150' });
  await whileLocked(stack, async () => {
    const first = send(service.target, 'GET', '/api/notes');
    await sleep(100);
    const second = await send(service.target, 'GET', '/api/notes');
    assert.equal([second.status, second.json.detail], [503, 'All database connections are busy.']);
    const ready = await send(service.target, 'GET', '/readyz');
    assert.equal([ready.status, ready.json.detail], [503, 'The database did not answer within 150 ms.']);
    await stack.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notes'");
    const ended: Answer = await first;
    assert.is(ended.status, 503, 'a query whose backend is terminated');
  });
  await assertRecovers(service);
});

test('an unexpected failure is 500 for the client and has a stack in the log', async (stack) => {
  const service = await stack.start();
  await stack.postgres.sql('ALTER TABLE notes RENAME TO elsewhere');
  const { status, json } = await send(service.target, 'GET', '/api/notes');
  await stack.postgres.sql('ALTER TABLE elsewhere RENAME TO notes');
  assert.equal([status, json.detail], [500, 'Something went wrong on our side.']);
  const line = await service.logged('request failed');
  assert.equal([line.level, line.requestId], ['error', json.instance]);
  assert.match(String(line.stack), /at /);
});

test.run();
