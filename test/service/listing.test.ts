import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type Answer, send } from './client.ts';
import { type Service, type Stack, serviceSuite } from './service.ts';

const test = serviceSuite('listing notes');

let running: Promise<Service> | undefined;
const target = async (stack: Stack) => {
  running ??= stack.start();
  return (await running).target;
};

const list = async (stack: Stack, query = ''): Promise<Answer['json']> => {
  const answer = await send(await target(stack), 'GET', `/api/notes${query}`);
  assert.is(answer.status, 200, answer.text);
  return answer.json;
};

const titles = (page: Answer['json']): string[] => page.notes.map((note: { title: string }) => note.title);

/** Empties the table and adds notes t1, t2, … that are `secondsApart` each. */
const fill = (stack: Stack, count: number, secondsApart: number) =>
  stack.postgres.sql(`TRUNCATE notes; INSERT INTO notes (title, body, created_at, updated_at)
    SELECT 't' || n, '', t, t FROM (SELECT n, now() + n * interval '${secondsApart} s' AS t FROM generate_series(1, ${count}) n) s`);

/** All titles, page by page along the `next` links. */
async function walk(stack: Stack, limit: number, between: () => Promise<void> = async () => {}): Promise<string[]> {
  const seen: string[] = [];
  for (let query: string | null = `?limit=${limit}`; query !== null; ) {
    const page = await list(stack, query);
    assert.ok(page.notes.length <= limit);
    seen.push(...titles(page));
    query = page.next === null ? null : page.next.replace('/api/notes', '');
    await between();
  }
  return seen;
}

const down = (from: number, to = 1) => Array.from({ length: from - to + 1 }, (_, index) => `t${from - index}`);

test('an empty table is an empty list', async (stack) => {
  await stack.postgres.sql('TRUNCATE notes');
  assert.equal(await list(stack), { notes: [], next: null });
});

test('the newest fifty come first', async (stack) => {
  await fill(stack, 60, 1);
  const page = await list(stack);
  assert.equal(titles(page), down(60, 11));
  assert.equal(Object.keys(page.notes[0]), ['id', 'title', 'body', 'createdAt', 'updatedAt']);
  assert.equal(titles(await list(stack, '?limit=3')), ['t60', 't59', 't58']);
  assert.equal(titles(await list(stack, page.next.replace('/api/notes', ''))), down(10));
});

test('newest means created last, whatever the id', async (stack) => {
  await fill(stack, 5, -1);
  assert.equal(await walk(stack, 2), ['t1', 't2', 't3', 't4', 't5']);
});

test('notes of the same instant are ordered by id, and paging sees each once', async (stack) => {
  await fill(stack, 25, 0);
  for (const limit of [1, 7, 25, 50]) assert.equal(await walk(stack, limit), down(25));
});

test('paging goes on when the note at the end of a page is deleted meanwhile', async (stack) => {
  await fill(stack, 6, 1);
  let deletions = 0;
  const seen = await walk(stack, 2, async () => {
    if (deletions++ === 0) await stack.postgres.sql("DELETE FROM notes WHERE title = 't5'");
  });
  assert.equal(seen, down(6));
});

test('a page before every note is empty', async (stack) => {
  await fill(stack, 3, 1);
  const oldest = await stack.postgres.sql('SELECT min(id) FROM notes');
  assert.equal(await list(stack, `?before=${oldest}`), { notes: [], next: null });
});

const text = (max: number) => {
  const unit = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.string({ unit: 'grapheme', maxLength: 2 }),
  );
  return fc
    .array(unit, { maxLength: 60 })
    .map((units) => [...units.join('').replaceAll('\0', '')].slice(0, max).join(''));
};

test('any valid note comes back as it was sent', async (stack) => {
  const where = await target(stack);
  await fc.assert(
    fc.asyncProperty(text(160), text(1000), async (title, body) => {
      const created = await send(where, 'POST', '/api/notes', { body: { title, body } });
      assert.is(created.status, 201, created.text);
      assert.equal([created.json.title, created.json.body], [title.trim() || 'Untitled', body]);
      assert.equal((await send(where, 'GET', `/api/notes/${created.json.id}`)).json, created.json);
    }),
    { numRuns: 150 },
  );
});

test('any JSON value is either a note or a problem, never a failure', async (stack) => {
  const where = await target(stack);
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ title: fc.jsonValue(), body: fc.jsonValue() }, { requiredKeys: [] }),
  );
  await fc.assert(
    fc.asyncProperty(value, async (body) => {
      const { status } = await send(where, 'POST', '/api/notes', { body: JSON.stringify(body) });
      assert.ok(status === 201 || status === 422, String(status));
    }),
    { numRuns: 150 },
  );
});

test.run();
