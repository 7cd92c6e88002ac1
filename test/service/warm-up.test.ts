/** What the service does before its first request: it asks itself, and leaves nothing behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { send } from './client.ts';
import { serviceSuite } from './service.ts';

const test = serviceSuite('warming up');

test('notes are rehearsed before the first request, and nothing of them stays', async ({ start, postgres }) => {
  const service = await start();
  assert.equal((await send(service.target, 'GET', '/api/notes')).json.notes, []);
  // The control that something was refused: PostgreSQL counts it, and tells of it when a connection has been idle for 10 s.
  const sql = "SELECT xact_rollback FROM pg_stat_database WHERE datname = 'notes'";
  for (let tries = 0; Number(await postgres.sql(sql)) === 0; tries++) {
    assert.ok(tries < 150, 'transactions were rolled back');
    await sleep(100);
  }
  const { id } = (await send(service.target, 'POST', '/api/notes', { body: { title: 'First', body: '' } })).json;
  assert.is(id, 1);
  assert.equal((await send(service.target, 'GET', '/api/notes')).json.notes.length, 1);
});

test('a service that finds no database starts all the same', async ({ start }) => {
  const service = await start({ PGHOST: '/nonexistent' });
  assert.is((await send(service.target, 'GET', '/healthz')).status, 200);
  assert.is((await send(service.target, 'GET', '/readyz')).status, 503);
});

test.run();
