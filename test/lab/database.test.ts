/** Who may do what in the database of a host, with its pooler and the cache beside it; and the same over a network. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type Certificate, makeCertificate } from '../load/certificate.ts';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';

const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);

/** Runs psql on a host as a user of its system; what it said, and whether it was content. */
const asUser = (host: LabHost) => async (user: string, connection: string, sql: string) => {
  const command = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=terse', '-d', connection];
  const who = [
    'setpriv',
    `--reuid=${user}`,
    '--regid=nogroup',
    '--clear-groups',
    'env',
    '-C',
    '/',
    'HOME=/nonexistent',
  ];
  const { exitCode, stdout, stderr } = await host.exec([...who, ...command], { input: sql });
  return { isFine: exitCode === 0, text: (stdout + stderr).trim() };
};

for (const release of labReleases()) {
  const test = suite(`a database with ${release}`);
  let host: LabHost;
  let project: LabProject;
  let run: ReturnType<typeof asUser>;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'db-1' });
    run = asUser(host);
    project = new LabProject();
    project.addHost(host, { isPeer: true });
    project.edit('  instances: 2\n', '  instances: 1\n');
    project.edit(
      'database:\n  engine: postgres\n',
      `database:
  engine: postgres
  allow: [${host.ipAddress}/32]
  password: DB_PASSWORD
  reader: { password: DB_READER_PASSWORD }
  timeouts: { statement: 1s }
  pooler: { enabled: true, size: 2 }
cache:
  engine: redis
  memory: 32M
secrets:
  DB_PASSWORD: { from: generated }
  DB_READER_PASSWORD: { from: generated }
`,
    );
    expectExit(await project.run('apply'), 0);
  });
  test.after(async () => {
    await host?.stop();
    project?.remove();
  });

  const socket = (role: string, database = 'notes') => `host=/var/run/postgresql user=${role} dbname=${database}`;
  const program = (sql: string) => run('notes', socket('notes'), sql);
  const migrator = (sql: string) => run('notes-migrate', socket('notes-migrate'), sql);
  const reader = (sql: string) => run('root', socket('notes-read'), sql);
  const superuser = (sql: string) => run('postgres', 'host=/var/run/postgresql dbname=notes', sql);
  async function says(answer: Promise<{ isFine: boolean; text: string }>, expected: RegExp | string) {
    const { isFine, text } = await answer;
    assert.ok(isFine, text);
    assert.match(text, expected);
  }
  async function refuses(answer: Promise<{ isFine: boolean; text: string }>, reason: RegExp | string) {
    const { isFine, text } = await answer;
    assert.not.ok(isFine, text);
    assert.match(text, reason);
  }

  test('the second apply is empty, and the program works with rows', async () => {
    expectExit(await project.run('plan'), 0);
    await says(program("INSERT INTO notes (title) VALUES ('one'), ('two') RETURNING title"), /^one\ntwo$/);
    await says(program("UPDATE notes SET body = 'x' WHERE title = 'one' RETURNING body"), /^x$/);
    await says(program("DELETE FROM notes WHERE title = 'two' RETURNING title"), /^two$/);
    await says(program('SELECT title, body FROM notes'), /^one\|x$/);
  });

  test('the program changes no schema', async () => {
    await refuses(program('CREATE TABLE mine (id int)'), 'permission denied for schema public');
    await refuses(program('CREATE SCHEMA mine'), 'permission denied for database notes');
    await refuses(program('CREATE TEMPORARY TABLE mine (id int)'), 'permission denied to create temporary tables');
    await refuses(program('ALTER TABLE notes ADD COLUMN mine int'), 'must be owner of table notes');
    await refuses(program('DROP TABLE notes'), 'must be owner of table notes');
    await refuses(program('TRUNCATE notes'), 'permission denied for table notes');
    await refuses(program('CREATE INDEX ON notes (body)'), 'must be owner of table notes');
    await refuses(program("COPY notes TO PROGRAM 'cat'"), 'to or from an external program');
    await refuses(program('SET ROLE "notes-owner"'), 'permission denied to set role');
    await refuses(program('CREATE ROLE other'), 'permission denied to create role');
  });

  test('migrations do, and the program uses what they make, and the reader reads it', async () => {
    await says(migrator('SELECT session_user, current_user'), /^notes-migrate\|notes-owner$/);
    await says(migrator('CREATE TABLE pages (id serial PRIMARY KEY, text text); SHOW lock_timeout'), /^5s$/);
    await says(superuser("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"), /^notes-owner$/);
    await says(program("INSERT INTO pages (text) VALUES ('a') RETURNING id"), /^1$/);
    await says(reader('SELECT text FROM pages'), /^a$/);
    await says(migrator('CREATE SCHEMA more; CREATE TABLE more.rows (id int)'), '');
    await says(program('INSERT INTO more.rows VALUES (1) RETURNING id'), /^1$/);
    await says(reader('SELECT id FROM more.rows'), /^1$/);
    await says(migrator('DROP SCHEMA more CASCADE; DROP TABLE pages'), '');
  });

  test('the reader changes nothing, whatever it sets', async () => {
    await says(reader('SELECT title FROM notes; SHOW statement_timeout'), /^one\n1min$/);
    await refuses(reader("INSERT INTO notes (title) VALUES ('x')"), 'in a read-only transaction');
    const written = "SET default_transaction_read_only = off; INSERT INTO notes (title) VALUES ('x')";
    await refuses(reader(written), 'permission denied for table notes');
    await refuses(reader('SET default_transaction_read_only = off; CREATE TABLE mine (id int)'), 'permission denied');
  });

  test('each role is held to its limits', async () => {
    await says(
      program('SHOW statement_timeout; SHOW lock_timeout; SHOW idle_in_transaction_session_timeout'),
      /^1s\n3s\n30s$/,
    );
    await refuses(program('SELECT pg_sleep(3)'), 'canceling statement due to statement timeout');
    await says(migrator('SELECT pg_sleep(1.2)'), '');
  });

  test('nobody else comes in, and nobody gets anywhere else', async () => {
    for (const user of ['nobody', 'www-data'])
      for (const role of ['notes', 'notes-migrate', 'notes-read', 'postgres'])
        await refuses(run(user, socket(role), 'SELECT 1'), /Peer authentication failed/);
    for (const role of ['notes-migrate', 'notes-read', 'postgres'])
      await refuses(run('notes', socket(role), 'SELECT 1'), /Peer authentication failed/);
    await refuses(run('notes', socket('notes-owner'), 'SELECT 1'), /pg_hba.conf rejects connection/);
    await says(superuser('CREATE DATABASE other'), '');
    for (const database of ['postgres', 'template1', 'other'])
      for (const [user, role] of [
        ['notes', 'notes'],
        ['notes-migrate', 'notes-migrate'],
        ['root', 'notes-read'],
      ] as const)
        await refuses(run(user, socket(role, database), 'SELECT 1'), /pg_hba.conf rejects connection/);
    // Another project's role comes into its own database, and into no other.
    await says(superuser('CREATE ROLE "www-data" LOGIN; ALTER DATABASE other OWNER TO "www-data"'), '');
    await says(run('www-data', socket('www-data', 'other'), 'SELECT 1'), /^1$/);
    for (const database of ['notes', 'postgres', 'template1'])
      await refuses(
        run('www-data', socket('www-data', database), 'SELECT 1'),
        `permission denied for database "${database}"`,
      );
  });

  test('over the network it takes TLS, a listed address and a password', async () => {
    const secret = (name: string) => host.sh(`cat /etc/fairlead/notes/secrets/${name}`);
    const at = (role: string, password: string, mode = 'require') =>
      run(
        'nobody',
        `host=${host.ipAddress} dbname=notes sslmode=${mode} user=${role} password='${password}'`,
        'SELECT session_user',
      );
    const [password, readers] = [await secret('DB_PASSWORD'), await secret('DB_READER_PASSWORD')];
    await says(at('notes', password), /^notes$/);
    await says(at('notes-read', readers), /^notes-read$/);
    await refuses(at('notes', readers), 'password authentication failed');
    await refuses(at('notes', password, 'disable'), /no pg_hba.conf entry .* no encryption/);
    await refuses(at('notes-migrate', password), 'no pg_hba.conf entry');
    await refuses(at('postgres', password), 'no pg_hba.conf entry');
    await says(superuser("SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'notes'"), /^SCRAM-SHA-256$/);
  });

  test('behind the pooler two pools share transactions, limits and, where it can, named statements', async () => {
    const script = `
      const { Pool } = require('pg');
      const pools = [1, 2].map(() => new Pool({ max: 5 }));
      const named = process.argv[2] === 'named';
      const work = async (number) => {
        const client = await pools[number % 2].connect();
        try {
          await client.query('BEGIN');
          const text = named ? { name: 'sum', text: 'SELECT $1::int + $2::int AS sum', values: [number, 1] }
            : { text: 'SELECT $1::int + $2::int AS sum', values: [number, 1] };
          const { rows } = await client.query(text);
          const { rows: limit } = await client.query('SHOW statement_timeout');
          const { rows: one } = await client.query('SELECT pg_backend_pid() AS pid');
          const { rows: same } = await client.query('SELECT pg_backend_pid() AS pid');
          await client.query('COMMIT');
          return rows[0].sum === number + 1 && limit[0].statement_timeout === '1s' && one[0].pid === same[0].pid;
        } finally { client.release(); }
      };
      Promise.all(Array.from({ length: 200 }, (_, number) => work(number))).then(
        async (all) => { await Promise.all(pools.map((pool) => pool.end())); console.log(all.every(Boolean) ? 'all right' : 'wrong'); },
        (error) => { console.log(error.message); process.exit(1); });
    `;
    const ask = async (kind: string) => {
      const inside = `here=/srv/notes/slots/$(readlink /run/notes/live) && cd "$here/app" && set -a && . "$here/environment" && exec setpriv --reuid=notes --regid=notes --clear-groups "$here/node" - ${kind}`;
      const { stdout, stderr } = await host.exec(['sh', '-c', inside], { input: script });
      return (stdout + stderr).trim();
    };
    assert.is(await ask('plain'), 'all right');
    if (release === 'debian-13') assert.is(await ask('named'), 'all right');
    else {
      const said = await ask('named');
      assert.ok(said.includes('prepared statement'), said);
    }
    // Whoever declares that the program needs them is told before anything runs.
    project.edit('pooler: { enabled: true, size: 2 }', 'pooler: { enabled: true, size: 2, preparedStatements: true }');
    const validate = await project.run('validate');
    expectExit(validate, release === 'debian-13' ? 0 : 1);
    if (release !== 'debian-13') assert.match(validate.text, 'needs PgBouncer 1.21');
    project.edit(', preparedStatements: true', '');
    for (const user of ['nobody', 'www-data'])
      await refuses(run(user, 'host=/run/notes-pgbouncer port=6432 dbname=notes', 'SELECT 1'), 'Permission denied');
  });

  test('the cache keeps to its memory and its users, and takes no administration', async () => {
    const redis = (user: string, ...words: string[]) =>
      host.exec([
        'setpriv',
        `--reuid=${user}`,
        '--regid=notes',
        '--clear-groups',
        'redis-cli',
        '-s',
        '/run/notes-redis/redis.sock',
        ...words,
      ]);
    assert.is((await redis('notes', 'SET', 'a', 'b')).stdout.trim(), 'OK');
    assert.is((await redis('notes', 'GET', 'a')).stdout.trim(), 'b');
    const published = await redis('notes', 'PUBLISH', 'channel', 'text');
    assert.is(published.stdout.trim(), '0');
    for (const words of [
      ['CONFIG', 'GET', 'maxmemory'],
      ['SHUTDOWN'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['ACL', 'LIST'],
      ['DEBUG', 'JMAP'],
    ]) {
      const { stdout } = await redis('notes', ...words);
      assert.match(stdout, /NOPERM|DEBUG command not allowed/, words.join(' '));
    }
    const others = [
      'setpriv',
      '--reuid=nobody',
      '--regid=nogroup',
      '--clear-groups',
      'redis-cli',
      '-s',
      '/run/notes-redis/redis.sock',
      'PING',
    ];
    assert.match((await host.exec(others)).stderr, 'Permission denied');
    // Far more than it may keep: it forgets what is old, and goes on.
    await host.exec(
      [
        'setpriv',
        '--reuid=notes',
        '--regid=notes',
        '--clear-groups',
        'redis-cli',
        '-s',
        '/run/notes-redis/redis.sock',
        '--pipe',
      ],
      {
        input: Array.from({ length: 60_000 }, (_, n) => `SET key${n} ${'x'.repeat(1000)}`)
          .join('\r\n')
          .concat('\r\n'),
      },
    );
    const info = (await redis('notes', 'INFO')).stdout;
    const value = (name: string) => Number(info.match(new RegExp(`^${name}:(\\d+)`, 'm'))?.[1]);
    assert.ok(value('evicted_keys') > 10_000, info);
    assert.ok(value('used_memory') < 34 * 1024 ** 2 && value('maxmemory') === 32 * 1024 ** 2, info);
    assert.match(info, /^maxmemory_policy:allkeys-lru\r?$/m);
    assert.match(await host.sh('ss -Hltn | grep -c :6379 || true'), /^0$/);
  });

  test.run();

  const far = suite(`a database on a host of its own with ${release}`);
  let hosts: readonly [LabHost, LabHost];
  let both: LabProject;

  far.before(async () => {
    hosts = [
      await startHost({ release, image: 'warm', hostname: 'db-1' }),
      await startHost({ release, image: 'warm', hostname: 'web-1' }),
    ];
    both = new LabProject();
    for (const one of hosts) both.addHost(one, { isPeer: true });
    for (const [name, roles] of [
      ['db-1', 'database'],
      ['web-1', 'app, proxy'],
    ] as const)
      appendFileSync(join(both.folder, 'hosts/production', name, 'host.yaml'), `roles: [${roles}]\n`);
    both.writeSecret('password', 'its:a+pass/word=');
    both.writeSecret('migrator-password', 'another=one:for@migrations');
    both.edit(
      'database:\n  engine: postgres\n',
      `database:
  engine: postgres
  password: DB_PASSWORD
  migrator: { password: DB_MIGRATOR_PASSWORD }
secrets:
  DB_PASSWORD: { from: file, path: password }
  DB_MIGRATOR_PASSWORD: { from: file, path: migrator-password }
`,
    );
    both.edit('  instances: 2\n', '  instances: 1\n  network: true\n');
  });
  far.after(async () => {
    await Promise.all((hosts ?? []).map((one) => one.stop()));
    both?.remove();
  });

  far('migrations and program come over the network, each with its own password and rights', async () => {
    const apply = await both.run('apply');
    expectExit(apply, 0);
    expectExit(await both.run('plan'), 0);
    const [db, web] = hosts;
    const posted = await web.sh(
      `curl -fsS -X POST -H 'Content-Type: application/json' -d '{"title":"far"}' http://localhost/api/notes | grep -c far`,
    );
    assert.is(posted.trim(), '1');
    const tables = await asUser(db)(
      'postgres',
      'host=/var/run/postgresql dbname=notes',
      'SELECT tablename, tableowner FROM pg_tables WHERE schemaname = $$public$$',
    );
    assert.match(tables.text, /^notes\|notes-owner$/m);
    // The program's user cannot read what migrations log in with; its own it can: the control.
    const reads = (file: string) =>
      web.exec(['setpriv', '--reuid=notes', '--regid=notes', '--clear-groups', 'cat', `/etc/fairlead/notes/${file}`]);
    assert.is((await reads('pgpass')).exitCode, 0);
    assert.is.not((await reads('pgpass-migrations')).exitCode, 0);
    const denied = await asUser(web)(
      'nobody',
      `host=${db.ipAddress} dbname=notes user=notes sslmode=require password='its:a+pass/word='`,
      'CREATE TABLE mine (id int)',
    );
    assert.match(denied.text, 'permission denied for schema public');
  });

  far(
    'a certificate is held against its key and address before it is shown, and by the program before it speaks',
    async () => {
      const [db, web] = hosts;
      const serves = async () => assert.match(await web.sh('curl -fsS http://localhost/api/notes'), '"title":"far"');
      const server = async () => (await db.sh("systemctl show -P MainPID 'postgresql@*-main.service'")).trim();
      const shown = () =>
        web.sh(
          `openssl s_client -starttls postgres -connect ${db.ipAddress}:5432 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint`,
        );
      const pid = await server();
      const refuses = async (code: number, said: RegExp) => {
        const apply = await both.run('apply');
        expectExit(apply, code);
        assert.match(apply.text, said, apply.text);
        await serves();
        assert.is(await server(), pid, 'the server was not restarted');
      };
      const put = ({ authority, certificate, key }: Certificate) => {
        both.writeSecret('db-ca.pem', authority);
        both.writeSecret('db.pem', certificate);
        both.writeSecret('db.key', key);
      };

      assert.match((await both.run('plan')).text, 'cannot tell whether it is ours (database.unproven)');
      both.edit(
        '  password: DB_PASSWORD\n',
        '  password: DB_PASSWORD\n  tls: { certificate: DB_CERTIFICATE, key: DB_KEY, ca: DB_AUTHORITY }\n',
      );
      both.edit(
        'secrets:\n',
        `secrets:
  DB_CERTIFICATE: { from: file, path: db.pem }
  DB_KEY: { from: file, path: db.key }
  DB_AUTHORITY: { from: file, path: db-ca.pem }
`,
      );
      const [elsewhere, first, second] = [
        await makeCertificate(['192.0.2.77']),
        await makeCertificate([db.ipAddress], 30),
        await makeCertificate([db.ipAddress]),
      ];
      put(elsewhere);
      await refuses(3, new RegExp(`is not for ${db.ipAddress}, by which other hosts reach it`));
      put({ ...first, key: second.key });
      await refuses(3, /is not the key of the certificate/);
      put({ ...first, authority: second.authority });
      await refuses(
        3,
        /clients would not trust the certificate of the database: unable to get local issuer certificate/,
      );
      assert.not.ok((await db.exec(['ls', '/run/notes-database-tls/key.pem'])).exitCode === 0, 'nothing of it stays');

      put(first);
      const before = await shown();
      const applied = await both.run('apply');
      expectExit(applied, 0);
      assert.not.match(applied.text, 'database.unproven');
      assert.is(await server(), pid, 'the server was not restarted');
      assert.is.not(await shown(), before);
      await serves();
      expectExit(await both.run('plan'), 0);
      const status = await both.run('status');
      expectExit(status, 0);
      assert.match(status.text, /certificate until 20\S+Z/);
      for (const user of ['notes', 'nobody'])
        assert.is.not(
          (await db.exec(['runuser', '-u', user, '--', 'cat', '/run/notes-database-tls/key.pem'])).exitCode,
          0,
        );
      assert.match(await db.sh('stat -c "%U %a" /run/notes-database-tls/key.pem'), /^postgres 400$/m);

      // Somebody else answers at that address: the program sends it nothing.
      await db.exec(['sh', '-c', 'cat >/run/notes-database-tls/certificate.pem'], { input: elsewhere.certificate });
      await db.exec(['sh', '-c', 'cat >/run/notes-database-tls/key.pem'], { input: elsewhere.key });
      await db.sh("systemctl reload 'postgresql@*-main.service'");
      both.edit('  env:\n', '  env:\n    ANOTHER_RELEASE: "1"\n');
      await refuses(3, /certificate|self-signed/);
      await db.sh("systemctl restart notes-database-tls.service && systemctl reload 'postgresql@*-main.service'");
      expectExit(await both.run('apply'), 0);

      // Another authority: first programs trust both, then its certificate is shown, without a restart of the server.
      both.writeSecret('db-ca.pem', first.authority + second.authority);
      expectExit(await both.run('apply'), 0);
      both.writeSecret('db.pem', second.certificate);
      both.writeSecret('db.key', second.key);
      const old = await shown();
      expectExit(await both.run('apply'), 0);
      assert.is.not(await shown(), old);
      assert.is(await server(), pid, 'the server was not restarted');
      await serves();
      const ending = await both.run('status');
      expectExit(ending, 1);
      assert.match(ending.text, /the certificate of the database ends on 20\S+Z, in \d\.\d days/, ending.text);

      // As at boot, where it lies there before the server starts.
      await db.sh(`systemctl stop 'postgresql@*-main.service' notes-database-tls.service && rm -r /run/notes-database-tls &&
systemctl start --all 'postgresql@*-main.service' && stat /run/notes-database-tls/key.pem`);
      for (const end = Date.now() + 60_000; ; await sleep(500)) {
        if ((await web.exec(['curl', '-fsS', 'http://localhost/api/notes'])).exitCode === 0) break;
        assert.ok(Date.now() < end, 'the program finds it again');
      }
    },
  );

  far.run();
}
