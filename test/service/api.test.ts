import * as assert from 'uvu/assert';
import { type Answer, exchangeBytes, type Send, send } from './client.ts';
import { refusals } from './refusals.ts';
import { type Service, type Stack, serviceSuite } from './service.ts';

const test = serviceSuite('notes API');

let running: Promise<Service> | undefined;

/** One service for all tests of this file; a small body limit keeps the case for 413 small. */
const service = (stack: Stack) => {
  running ??= stack.start({ BODY_LIMIT_BYTES: '2000' });
  return running;
};

const call = async (stack: Stack, method: string, path: string, options?: Send) =>
  send((await service(stack)).target, method, path, options);

const create = async (stack: Stack, body: unknown): Promise<Answer['json']> => {
  const answer = await call(stack, 'POST', '/api/notes', { body });
  assert.is(answer.status, 201, answer.text);
  return answer.json;
};

test('the index names the service and links to its parts', async (stack) => {
  const { status, json } = await call(stack, 'GET', '/');
  assert.is(status, 200);
  assert.equal(json, {
    name: 'notes',
    version: json.version,
    links: { notes: '/api/notes', health: '/healthz', readiness: '/readyz' },
  });
  assert.match(json.version, /^\d+\.\d+\.\d+$/);
});

test('health and readiness are 200 with a database', async (stack) => {
  assert.equal((await call(stack, 'GET', '/healthz')).json, { status: 'ok' });
  assert.equal((await call(stack, 'GET', '/readyz')).json, { status: 'ready' });
});

test('a note is created, read, changed and deleted', async (stack) => {
  const created = await call(stack, 'POST', '/api/notes', { body: { title: '  Milk ', body: ' two\n' } });
  assert.is(created.status, 201);
  const { id, createdAt } = created.json;
  assert.type(id, 'number');
  assert.is(created.headers.location, `/api/notes/${id}`);
  assert.equal(created.json, { id, title: 'Milk', body: ' two\n', createdAt, updatedAt: createdAt });
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  assert.equal((await call(stack, 'GET', `/api/notes/${id}`)).json, created.json);

  const changed = await call(stack, 'PATCH', `/api/notes/${id}`, { body: { body: 'three' } });
  assert.is(changed.status, 200);
  assert.equal({ ...changed.json, updatedAt: '' }, { id, title: 'Milk', body: 'three', createdAt, updatedAt: '' });
  assert.ok(changed.json.updatedAt >= createdAt);
  assert.equal((await call(stack, 'GET', `/api/notes/${id}`)).json, changed.json);
  assert.equal((await call(stack, 'PATCH', `/api/notes/${id}`, { body: {} })).json, changed.json);

  const deleted = await call(stack, 'DELETE', `/api/notes/${id}`);
  assert.is(deleted.status, 204);
  assert.is(deleted.text, '');
  assert.is((await call(stack, 'DELETE', `/api/notes/${id}`)).status, 404);
});

test('a missing or blank title becomes Untitled, a missing body is empty', async (stack) => {
  for (const body of [{}, { title: '' }, { title: ' \n\t ' }]) {
    const note = await create(stack, body);
    assert.equal([note.title, note.body], ['Untitled', '']);
    const changed = await call(stack, 'PATCH', `/api/notes/${note.id}`, { body: { title: ' ' } });
    assert.is(changed.json.title, 'Untitled');
  }
});

test('the title limit counts characters, not bytes or UTF-16 units, after trimming', async (stack) => {
  for (const character of ['a', 'é', '漢', '🌱']) {
    assert.is((await create(stack, { title: ` ${character.repeat(160)} ` })).title, character.repeat(160));
    const tooLong = await call(stack, 'POST', '/api/notes', { body: { title: character.repeat(161) } });
    assert.is(tooLong.status, 422);
    assert.equal(tooLong.json.errors, [{ pointer: '#/title', detail: 'must be at most 160 characters' }]);
  }
});

const hostile = [
  "'; DROP TABLE notes; --",
  ':before :limit $1 ? %s $x',
  '<script>alert(1)</script>',
  '\\u0000 \\ " \' `',
  'e\u0301 \u202e \u200b \ufeffx',
  'a\r\nSet-Cookie: x=1',
  '\u0001\u001f\u007f\uffff',
  '{"$gt":""}',
  'null',
];

test('hostile text comes back as it was sent', async (stack) => {
  for (const text of hostile) {
    const { id } = await create(stack, { title: text, body: text });
    const { json } = await call(stack, 'GET', `/api/notes/${id}`);
    assert.equal([json.title, json.body], [text, text]);
  }
});

for (const { name, request, status, errors, allow } of refusals) {
  test(`${status} for ${name}`, async (stack) => {
    const answer = await call(stack, ...request);
    assert.is(answer.status, status, answer.text);
    assert.equal(answer.json.errors, errors ?? (status === 422 ? answer.json.errors : undefined));
    assert.is(answer.headers.allow, allow);
  });
}

test('at most twenty mistakes are listed', async (stack) => {
  const body = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, 0]));
  assert.is((await call(stack, 'POST', '/api/notes', { body })).json.errors.length, 20);
});

test('OPTIONS and HEAD work on a known route', async (stack) => {
  const options = await call(stack, 'OPTIONS', '/api/notes');
  assert.equal([options.status, options.headers.allow], [204, 'GET, POST, HEAD, OPTIONS']);
  const head = await call(stack, 'HEAD', '/api/notes');
  assert.equal([head.status, head.text], [200, '']);
  assert.is((await call(stack, 'HEAD', '/api/notes/0')).status, 404);
});

test('a harmless request id is taken over, any other is replaced', async (stack) => {
  const answerTo = async (id: string) =>
    (await call(stack, 'GET', '/healthz', { headers: { 'x-request-id': id } })).headers['x-request-id'];
  assert.is(await answerTo('deploy-1.2_x'), 'deploy-1.2_x');
  for (const id of ['', 'a b', 'a"b', '<x>', 'x'.repeat(65)])
    assert.match(String(await answerTo(id)), /^[0-9a-f-]{36}$/);
});

test('an unchanged note is 304 for a client that has it', async (stack) => {
  const { id } = await create(stack, {});
  const first = await call(stack, 'GET', `/api/notes/${id}`);
  assert.match(String(first.headers.etag), /^W\//);
  const headers = { 'if-none-match': String(first.headers.etag) };
  assert.is((await call(stack, 'GET', `/api/notes/${id}`, { headers })).status, 304);
});

test('every request is one log line, without its query', async (stack) => {
  const requestId = 'seen-in-the-log';
  await call(stack, 'GET', '/api/notes?limit=1&secret=word', { headers: { 'x-request-id': requestId } });
  const running = await service(stack);
  const { method, path, status, ms, level } = await running.logged('request', requestId);
  assert.equal([method, path, status, level, typeof ms], ['GET', '/api/notes', 200, 'info', 'number']);
  assert.is(running.log.filter((line) => line.requestId === requestId).length, 1);
});

test('what is not HTTP gets a problem document too', async (stack) => {
  const { target } = await service(stack);
  for (const [bytes, status] of [
    ['GET / HTTP/9.9\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const answer = await exchangeBytes(target, bytes);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, /application\/problem\+json/);
    assert.is(JSON.parse(answer.split('\r\n\r\n')[1]!).status, status);
  }
});

test.run();
