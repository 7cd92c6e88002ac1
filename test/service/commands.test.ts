import * as assert from 'uvu/assert';
import { send } from './client.ts';
import { migrate, run, type Stack, serviceSuite } from './service.ts';

const test = serviceSuite('commands');

const count = ({ postgres }: Stack) => postgres.sql('SELECT count(*) FROM notes');

const schema = ({ postgres }: Stack) =>
  postgres.sql(`SELECT column_name, data_type, character_maximum_length, datetime_precision, is_nullable, is_identity
    FROM information_schema.columns WHERE table_name = 'notes' ORDER BY ordinal_position`);

test('the migration makes the table, and does nothing the second time', async (stack) => {
  const expected = [
    'id|bigint|||NO|YES',
    'title|character varying|160||NO|NO',
    'body|text|||NO|NO',
    'created_at|timestamp with time zone||3|NO|NO',
    'updated_at|timestamp with time zone||3|NO|NO',
  ].join('\n');
  assert.is(await schema(stack), expected);
  for (const NODE_ENV of ['production', 'development']) {
    const { exitCode, stdout } = await run(migrate, { ...stack.postgres.environment, NODE_ENV });
    assert.is(exitCode, 0);
    assert.match(stdout, 'database schema was already up to date');
  }
  assert.is(await schema(stack), expected);
});

test('a migration that cannot reach the database fails', async (stack) => {
  const { exitCode } = await run(migrate, { ...stack.postgres.environment, PGPORT: '1' });
  assert.is(exitCode, 1);
});

test('a migration is undone', async (stack) => {
  const undo = migrate.map((argument) => argument.replace('db:migrate', 'db:migrate:undo'));
  assert.is((await run(undo, stack.postgres.environment)).exitCode, 0);
  assert.is(await schema(stack), '');
  assert.is((await run(migrate, stack.postgres.environment)).exitCode, 0);
});

test('seeding adds varied notes, a hundred unless told otherwise', async (stack) => {
  const first = await run(['dist/seed.js'], stack.postgres.environment);
  assert.is(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /^100 notes added in /);
  assert.is(await count(stack), '100');
  assert.ok(Number(await stack.postgres.sql('SELECT count(DISTINCT title) FROM notes')) >= 100);
  assert.is((await run(['dist/seed.js', '--count', '1'], stack.postgres.environment)).exitCode, 0);
  assert.is(await count(stack), '101');
});

test('a large seed goes in batches and tells how far it is', async (stack) => {
  const { exitCode, stdout } = await run(['dist/seed.js', '--count=20500'], stack.postgres.environment);
  assert.is(exitCode, 0);
  assert.equal(stdout.split('\n').slice(0, 2), ['10000 of 20500 notes added', '20000 of 20500 notes added']);
  assert.is(await count(stack), '20601');
});

test('seeded notes are served', async (stack) => {
  const { target } = await stack.start();
  const { json } = await send(target, 'GET', '/api/notes');
  assert.is(json.notes.length, 50);
});

test('--help explains seeding', async () => {
  const { exitCode, stdout } = await run(['dist/seed.js', '--help'], {});
  assert.is(exitCode, 0);
  assert.match(stdout, '--count N');
});

for (const args of [
  ['--count', '0'],
  ['--count', 'many'],
  ['--count', '1.5'],
  ['--count=-3'],
  ['--count', '99999999'],
  ['--cuont', '3'],
  ['3'],
]) {
  test(`seed ${args.join(' ')} is refused`, async (stack) => {
    const before = await count(stack);
    const { exitCode, stderr } = await run(['dist/seed.js', ...args], stack.postgres.environment);
    assert.is(exitCode, 1);
    assert.match(stderr, 'Usage: node dist/seed.js');
    assert.not.match(stderr, /^\s+at /m);
    assert.is(await count(stack), before);
  });
}

test('seeding without a database says so', async (stack) => {
  const { exitCode, stderr } = await run(['dist/seed.js'], { ...stack.postgres.environment, PGPORT: '1' });
  assert.is(exitCode, 1);
  assert.match(stderr, /^seeding failed: connect E/);
});

test('all mistakes of the configuration are reported at once', async () => {
  const { exitCode, stderr, stdout } = await run(['dist/server.js'], {
    PORT: 'http',
    DB_POOL_MAX: '0',
    PGPORT: '70000',
    LOG_LEVEL: 'loud',
    DRAIN_GRACE_MS: '9000',
    DRAIN_LIMIT_MS: '9000',
    PGPASSWORD: 'hunter2',
  });
  assert.is(exitCode, 1);
  assert.is(stdout, '');
  assert.equal(stderr.split('\n'), [
    'The configuration is not usable:',
    '  - PORT must be a TCP port from 0 to 65535 or the absolute path of a unix socket, but is "http"',
    '  - LOG_LEVEL must be one of debug, info, warn, error, but is "loud"',
    '  - DRAIN_GRACE_MS (9000) must be less than DRAIN_LIMIT_MS (9000)',
    '  - PGPORT must be a whole number from 1 to 65535, but is "70000"',
    '  - DB_POOL_MAX must be a whole number from 1 to 1000, but is "0"',
  ]);
});

for (const [name, value] of [
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', 'run/notes.sock'],
  ['PORT', `/${'x'.repeat(107)}`],
  ['STATEMENT_TIMEOUT_MS', '1s'],
  ['BODY_LIMIT_BYTES', '1mb'],
  ['READY_TIMEOUT_MS', '0'],
] as const) {
  test(`${name}=${value.slice(0, 20)} is refused`, async () => {
    const { exitCode, stderr } = await run(['dist/server.js'], { [name]: value });
    assert.is(exitCode, 1);
    assert.match(stderr, new RegExp(`^  - ${name} `, 'm'));
  });
}

test.run();
