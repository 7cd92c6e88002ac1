/** The gate of migrations, as an executor starts it, with sequelize-cli of the notes API on a real PostgreSQL. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { gateProgram } from '../../src/project/assets.ts';
import { suite } from '../support/suite.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { buildService } from './service.ts';

const test = suite('the gate of migrations');
const service = fileURLToPath(new URL('../../service', import.meta.url));
const command = ['node_modules/.bin/sequelize-cli', 'db:migrate', '--options-path', 'options.cjs'];

let postgres: Postgres;
let databases = 0;

test.before(async () => {
  await buildService();
  const started = await startPostgres();
  if (!started) throw new Error('this machine has no PostgreSQL and cannot be given one');
  postgres = started;
});
test.after(async () => postgres?.remove());

/** A folder of a release with migrations, and a database of its own. */
class Program {
  readonly folder = mkdtempSync(join(tmpdir(), 'fairlead-gate-'));
  readonly database = `gate_${++databases}`;

  async make(): Promise<this> {
    await postgres.createDatabase(this.database);
    symlinkSync(join(service, 'node_modules'), join(this.folder, 'node_modules'));
    mkdirSync(join(this.folder, 'migrations'));
    const path = (name: string) => `require('node:path').join(__dirname, '${name}')`;
    writeFileSync(
      join(this.folder, 'options.cjs'),
      `module.exports = { config: ${path('config.cjs')}, 'migrations-path': ${path('migrations')} };`,
    );
    const { PGHOST, PGUSER } = postgres.environment;
    const config = { dialect: 'postgres', host: PGHOST, username: PGUSER, database: this.database, logging: false };
    writeFileSync(join(this.folder, 'config.cjs'), `module.exports = ${JSON.stringify(config)};`);
    return this;
  }

  /** Writes a migration whose `up` is the text of a function body; `tables` is the QueryInterface. */
  write(name: string, body: string, before = ''): void {
    const text = `${before}module.exports = { up: async (tables) => { ${body} }, down: async (tables) => { await tables.dropTable('notes'); } };`;
    writeFileSync(join(this.folder, 'migrations', name), text);
  }

  /** Passes the gate; what it tells the executor about migrations is remembered as the executor does. */
  async pass(mode: 'look' | 'run', words: readonly string[] = command, environment: Record<string, string> = {}) {
    const file = join(this.folder, 'known.jsonl');
    const { exitCode, all } = await execa(process.execPath, ['-', mode, '3', file, ...words], {
      cwd: this.folder,
      input: gateProgram(),
      env: { ...postgres.environment, PGDATABASE: this.database, ...environment },
      all: true,
      reject: false,
    });
    const known = [...all.matchAll(/^fairlead:known (.*)$/gm)].map(([, json]) => `${json}\n`);
    writeFileSync(file, known.join(''), { flag: 'a' });
    return { exitCode, all };
  }

  kinds(): Record<string, string> {
    const lines = readFileSync(join(this.folder, 'known.jsonl'), 'utf8').trim().split('\n');
    return Object.fromEntries(lines.map((line) => JSON.parse(line)).map(({ name, kind }) => [name, kind]));
  }

  sql(statement: string): Promise<string> {
    return execa('psql', ['-XAtq', '-c', statement], {
      env: { ...postgres.environment, PGDATABASE: this.database },
    }).then(({ stdout }) => stdout);
  }
}

const programs: Program[] = [];
const program = async () => {
  const one = await new Program().make();
  programs.push(one);
  return one;
};
test.after(() => {
  for (const { folder } of programs) rmSync(folder, { recursive: true, force: true });
});

const create = "await tables.sequelize.query('CREATE TABLE notes (id int, title text, body text)');";

test('tells what is pending, runs it, remembers it, and then there is nothing to do', async () => {
  const one = await program();
  one.write('1-create.cjs', create);
  one.write('2-color.cjs', "await tables.addColumn('notes', 'color', { type: 'TEXT' });");
  const look = await one.pass('look');
  assert.is(look.exitCode, 0, look.all);
  assert.match(look.all, 'fairlead:note migrations to run: 1-create.cjs (expand), 2-color.cjs (expand)');
  assert.is(
    await one.sql('SELECT count(*) FROM pg_tables WHERE schemaname = current_schema'),
    '0',
    'a look changes nothing',
  );
  const run = await one.pass('run');
  assert.is(run.exitCode, 0, run.all);
  assert.is(await one.sql('SELECT count(*) FROM "SequelizeMeta"'), '2');
  assert.equal(one.kinds(), { '1-create.cjs': 'expand', '2-color.cjs': 'expand' });
  assert.is((await one.pass('look')).exitCode, 3);
});

test('the migrations of the notes API itself pass', async () => {
  const one = await program();
  for (const name of ['20261122000000-create-notes.cjs'])
    copyFileSync(join(service, 'migrations', name), join(one.folder, 'migrations', name));
  assert.match((await one.pass('look')).all, '20261122000000-create-notes.cjs (expand)');
});

test('two runs at once change a counter once, and without the gate twice: the control', async () => {
  const slow =
    "await tables.sequelize.query('SELECT pg_sleep(1)'); await tables.sequelize.query('UPDATE counter SET n = n + 1');";
  const count = async (run: (one: Program) => Promise<{ exitCode?: number | undefined }>) => {
    const one = await program();
    await one.sql(
      'CREATE TABLE counter (n int); INSERT INTO counter VALUES (0); CREATE TABLE "SequelizeMeta" (name text PRIMARY KEY)',
    );
    one.write('1-count.cjs', slow);
    const codes = (await Promise.all([run(one), run(one)])).map(({ exitCode }) => exitCode);
    return { counted: await one.sql('SELECT n FROM counter'), codes: codes.sort() };
  };
  assert.equal(await count((one) => one.pass('run')), { counted: '1', codes: [0, 3] });
  const { counted } = await count((one) =>
    execa(process.execPath, command, { cwd: one.folder, env: postgres.environment, reject: false }),
  );
  assert.is(counted, '2');
});

test('a --to that is no migration is refused, and one that is runs no further', async () => {
  const one = await program();
  one.write('1-create.cjs', create);
  one.write('2-color.cjs', "await tables.addColumn('notes', 'color', { type: 'TEXT' });");
  const mistyped = await one.pass('look', [...command, '--to', '1-craete.cjs']);
  assert.is(mistyped.exitCode, 1);
  assert.match(mistyped.all, 'fairlead:refused app.migrations says --to 1-craete.cjs, and there is no such migration');
  assert.match((await one.pass('look', [...command, '--to=1-create.cjs'])).all, /to run: 1-create\.cjs \(expand\)$/m);
});

test('a migration that was changed after it ran is refused', async () => {
  const one = await program();
  one.write('1-create.cjs', create);
  await one.pass('run');
  one.write('1-create.cjs', `${create} // later`);
  one.write('2-color.cjs', "await tables.addColumn('notes', 'color', { type: 'TEXT' });");
  for (const mode of ['look', 'run'] as const) {
    const refused = await one.pass(mode);
    assert.is(refused.exitCode, 1);
    assert.match(refused.all, 'fairlead:refused 1-create.cjs ran already, and was changed since');
  }
  assert.is(await one.sql('SELECT count(*) FROM "SequelizeMeta"'), '1');
});

test('one that takes something away needs a word of its author, but not in an empty database', async () => {
  const one = await program();
  one.write('1-create.cjs', create);
  one.write('2-alone.cjs', "await tables.removeColumn('notes', 'title');");
  assert.is((await one.pass('run')).exitCode, 0, 'nobody needs the column yet');
  const drop = "await tables.removeColumn('notes', 'body');";
  one.write('3-drop.cjs', drop);
  const refused = await one.pass('look');
  assert.is(refused.exitCode, 1);
  assert.match(
    refused.all,
    'fairlead:refused 3-drop.cjs drops a column of notes: the release that serves may need that',
  );
  one.write('3-drop.cjs', drop, '// fairlead: contract, since no release reads bodies any more\n');
  assert.is((await one.pass('run')).exitCode, 0);
  assert.is(one.kinds()['3-drop.cjs'], 'contract');
});

test('one that reads data first is not judged, and says so', async () => {
  const one = await program();
  one.write('1-create.cjs', create);
  await one.pass('run');
  one.write(
    '2-data.cjs',
    "const [[{ n }]] = await tables.sequelize.query('SELECT count(*) AS n FROM notes'); await tables.addColumn('notes', 'c' + n, { type: 'TEXT' });",
  );
  const run = await one.pass('run');
  assert.is(run.exitCode, 0, run.all);
  assert.match(run.all, 'fairlead:note 2-data.cjs: what it does cannot be told without its data');
  assert.is(one.kinds()['2-data.cjs'], 'unknown');
});

test('one that fails half-way ends with what it said, and what ran before it is remembered', async () => {
  const one = await program();
  one.write('1-create.cjs', create);
  one.write('2-broken.cjs', "await tables.sequelize.query('ALTER TABLE nowhere ADD COLUMN c int');");
  const run = await one.pass('run');
  assert.is(run.exitCode, 1);
  assert.match(run.all, 'relation "nowhere" does not exist');
  assert.equal(one.kinds(), { '1-create.cjs': 'expand' });
});

test('a database that does not come up is waited for, and one that refuses is not', async () => {
  const one = await program();
  const began = performance.now();
  const absent = await one.pass('look', command, { PGHOST: one.folder });
  assert.is(absent.exitCode, 1);
  assert.match(absent.all, 'fairlead:refused the database does not let migrations in: ');
  assert.ok(performance.now() - began >= 3000, 'it was waited for');
  const wrong = await one.pass('look', command, { PGDATABASE: 'nowhere' });
  assert.match(wrong.all, 'database "nowhere" does not exist');
});

test('a command of another tool runs under the lock, and what it did is not known', async () => {
  const one = await program();
  writeFileSync(join(one.folder, 'migrate.cjs'), "console.log('migrated')");
  assert.is((await one.pass('look', ['migrate.cjs'])).exitCode, 0);
  const run = await one.pass('run', ['migrate.cjs']);
  assert.is(run.exitCode, 0);
  assert.match(run.all, /^migrated$/m);
  assert.equal(one.kinds(), { '*': 'unknown' });
});

test.run();
