/** Upgrades of the server to another major version: rehearsed, refused, put back, made, and gone back on; nothing acknowledged is lost. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { targetOf } from '../../src/compile/targets.ts';
import { labReleases } from '../lab/releases.ts';
import { suite } from '../support/suite.ts';
import { expectExit, Ground } from './ground.ts';
import { installOlderServer, olderVersion } from './older-server.ts';

/** Notes that the API has acknowledged, written one after the other until somebody says so. */
class Writer {
  readonly acknowledged: string[] = [];
  /** What it was told, by status or error. */
  readonly told = new Map<string, number>();
  #goes = true;
  readonly #ended: Promise<void>;

  constructor(private readonly url: string) {
    this.#ended = this.#write();
  }

  async end(): Promise<void> {
    this.#goes = false;
    await this.#ended;
  }

  async #write(): Promise<void> {
    for (let number = 0; this.#goes; number++) {
      const title = `note ${number}`;
      const status = await fetch(`${this.url}/api/notes`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ title }),
      }).then(
        (answer) => answer.arrayBuffer().then(() => String(answer.status)),
        () => 'no answer',
      );
      this.told.set(status, (this.told.get(status) ?? 0) + 1);
      if (status === '201') this.acknowledged.push(title);
      await sleep(20);
    }
  }
}

for (const release of labReleases()) {
  const test = suite(`upgrades with ${release}`);
  const [older, newer] = [olderVersion(release), targetOf(release).postgres];
  let ground: Ground;

  /** Writes the section database anew. */
  const database = (...lines: string[]) => {
    const path = join(ground.project.folder, 'deploy.yaml');
    const section = `database:\n  engine: postgres\n${lines.map((line) => `  ${line}\n`).join('')}`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^database:\n(?: {2}.*\n)*/m, section));
  };
  const version = async () => Math.floor(Number(await ground.sql('SHOW server_version_num')) / 10_000);
  const apply = (...more: string[]) => ground.project.run('apply', ...more);
  const rows = async () => `${await ground.rows()} ${await ground.sql('SELECT count(*) FROM notes')}`;
  const isEmpty = async () => {
    const plan = await ground.project.run('plan');
    expectExit(plan, 0);
    assert.match(plan.text, /0 to create, 0 to change|nothing to do|no changes|is as it should be/i, plan.text);
  };
  const url = () => `http://localhost:${ground.host.httpPort}`;
  /** A note that the program stores. */
  const writes = async () => {
    const body = JSON.stringify({ title: 'afterwards' });
    const headers = { 'content-type': 'application/json' };
    assert.is((await fetch(`${url()}/api/notes`, { method: 'POST', headers, body })).status, 201);
  };

  /** Settings with which no server starts. */
  const breakSettings = () =>
    ground.project.edit(
      '\nbackups:\n',
      '\npatches:\n  postgres: ["shared_preload_libraries = \'nothing-of-that-name\'"]\nbackups:\n',
    );
  const mendSettings = () => ground.project.edit(/\npatches:\n {2}postgres: .*\n/, '\n');
  /** Until data are being moved. */
  const upgrades = () =>
    ground.until('pg_upgrade runs', async () => {
      const { stdout } = await ground.host.exec(['pgrep', '-f', `postgresql/${newer}/bin/pg_upgrade`]);
      return stdout !== '';
    });

  test.before(async () => {
    ground = await Ground.start(release, '  engine: pgbackrest\n', async (host, project) => {
      await installOlderServer(host, release, release === 'debian-13');
      project.edit('  engine: postgres\n', `  engine: postgres\n  version: ${older}\n  upgrades: { next: ${newer} }\n`);
    });
  });
  test.after(async () => ground?.end());

  test('an older server serves, and the next version is beside it without a cluster', async () => {
    assert.is(await version(), older);
    await writes();
    await ground.host.sh(`test -x /usr/lib/postgresql/${newer}/bin/pg_upgrade`);
    assert.is((await ground.host.sh('pg_lsclusters -h | wc -l')).trim(), '1');
    expectExit(await ground.project.run('plan'), 0);
  });

  test('another version than that of the data is refused, and nothing is touched', async () => {
    const before = await rows();
    database();
    for (const verb of ['plan', 'apply']) {
      const refused = await ground.project.run(verb);
      assert.ok(refused.exitCode > 1, refused.text);
      assert.match(refused.text, `holds data of PostgreSQL ${older}, and deploy.yaml asks for ${newer}`);
      assert.match(refused.text, `set database.upgrades.from: ${older}`);
      assert.not.match(refused.text, '--adopt');
    }
    assert.is(await rows(), before);
    assert.is(await version(), older);
  });

  test('without a drill that rehearsed it, an upgrade is held', async () => {
    await ground.succeeds('full');
    database(`upgrades: { from: ${older} }`);
    const held = await apply();
    expectExit(held, 7);
    assert.match(held.text, 'no restore drill has succeeded within 24 hours before an upgrade');
    assert.is(await version(), older);
    assert.match((await ground.project.run('plan')).text, 'no restore drill has succeeded within 24 hours');
    ground.project.edit('LOG_LEVEL: info', 'LOG_LEVEL: debug');
    const together = await apply();
    expectExit(together, 7);
    assert.match(together.text, 'the server is upgraded by itself, and not together with a release');
    ground.project.edit('LOG_LEVEL: debug', 'LOG_LEVEL: info');
  });

  test('a drill rehearses it, and says how long that took', async () => {
    database(`version: ${older}`, `upgrades: { next: ${newer} }`);
    expectExit(await ground.project.run('plan'), 0);
    const drill = await ground.project.run('backup', 'drill');
    expectExit(drill, 0);
    assert.match(drill.text, new RegExp(`; upgrade to PostgreSQL ${newer} rehearsed in \\d+ s`));
    const status = await ground.project.run('status');
    expectExit(status, 0);
    assert.match(status.text, new RegExp(`upgrade to PostgreSQL ${newer} rehearsed in \\d+ s`));
  });

  test('what keeps an upgrade from working shows in the rehearsal, and the backup is good all the same', async () => {
    // A type of which the upgrade cannot know what its values mean afterwards (pg_upgrade(1)).
    await ground.sql("CREATE TABLE catalog (one regcollation DEFAULT 'default'); INSERT INTO catalog DEFAULT VALUES");
    const drill = await ground.project.run('backup', 'drill');
    expectExit(drill, 0);
    assert.match(drill.text, `rehearsal of the upgrade to PostgreSQL ${newer} failed: Your installation contains`);
    database(`upgrades: { from: ${older} }`);
    const held = await apply();
    expectExit(held, 7);
    assert.match(held.text, `the rehearsal of the upgrade to PostgreSQL ${newer} failed`);
    await ground.sql('DROP TABLE catalog');
    expectExit(await ground.project.run('backup', 'drill'), 0);
  });

  test('a new server that does not start leaves the old one serving', async () => {
    const before = await rows();
    database(`upgrades: { from: ${older} }`);
    breakSettings();
    const refused = await apply();
    expectExit(refused, 3);
    mendSettings();
    assert.is(await version(), older);
    assert.is(await rows(), before);
    await writes();
    database(`version: ${older}`, `upgrades: { next: ${newer} }`);
    await isEmpty();
    assert.is((await ground.host.sh('pg_lsclusters -h | wc -l')).trim(), '1');
    await ground.archived();
  });

  test('a power cut in the middle leaves the old one serving, also with settings that keep it from starting until they are put back', async () => {
    const before = await rows();
    database(`upgrades: { from: ${older} }`);
    breakSettings();
    const running = apply();
    await upgrades();
    await ground.project.killRunning();
    await running;
    mendSettings();
    await ground.host.powerCut();
    await ground.until(
      'the old server is back',
      async () => {
        const { exitCode } = await ground.host.exec(['pg_isready', '--quiet']);
        const { stdout } = await ground.host.exec(['ls', '/var/lib/fairlead/notes/unfinished']);
        return exitCode === 0 && stdout === '';
      },
      180,
    );
    assert.is(await version(), older);
    assert.is(await rows(), before);
    assert.is((await ground.host.sh('pg_lsclusters -h | wc -l')).trim(), '1');
    database(`version: ${older}`, `upgrades: { next: ${newer} }`);
    await isEmpty();
    await ground.succeeds('incremental');
    expectExit(await ground.project.run('backup', 'drill'), 0);
  });

  test('an executor that is killed in the middle leaves the old one serving', async () => {
    const before = await rows();
    database(`upgrades: { from: ${older} }`);
    const running = apply();
    await upgrades();
    await ground.host.sh("systemctl kill --signal=KILL 'fairlead-notes-2*'");
    assert.is((await running).exitCode, 3);
    assert.is(await version(), older);
    assert.is(await rows(), before);
    await writes();
    database(`version: ${older}`, `upgrades: { next: ${newer} }`);
    await isEmpty();
    await ground.archived();
  });

  test('an upgrade keeps every row that was acknowledged, and is backed up at once', async () => {
    await ground.sql('TRUNCATE notes');
    const writer = new Writer(url());
    database(`upgrades: { from: ${older} }`);
    const plan = await ground.project.run('plan');
    assert.match(plan.text, `the server is upgraded from PostgreSQL ${older} to ${newer}`);
    const before = await ground.rows();
    expectExit(await apply(), 0);
    await sleep(1000);
    await writer.end();
    console.log(`${writer.acknowledged.length} acknowledged; told ${[...writer.told].join(' ')}`);
    assert.is(await version(), newer);
    assert.is(await ground.rows(), before);
    const stored = new Set((await ground.sql('SELECT title FROM notes')).split('\n'));
    assert.equal(
      writer.acknowledged.filter((title) => !stored.has(title)),
      [],
    );
    assert.ok(
      writer.acknowledged.length > 50 && writer.told.size > 1,
      'it was written before, meanwhile and afterwards',
    );
    assert.is(await ground.sql('SHOW default_transaction_read_only'), 'off');
    await isEmpty();
    await ground.until('the full backup', async () => (await ground.told('backup')).type === 'full', 120);
    await ground.isWell();
    const list = await ground.project.run('backup', 'list');
    assert.match(list.text, `of PostgreSQL ${older}`);
    assert.match(await ground.host.sh('pg_lsclusters -h'), new RegExp(`^${older} +main .* down`, 'm'));
    await ground.host.restart();
    await ground.until(
      'it serves after a boot',
      async () => (await ground.host.exec(['pg_isready', '-q'])).exitCode === 0,
    );
    assert.is(await version(), newer);
    expectExit(await ground.project.run('status'), 0);
  });

  test('a moment of before the upgrade cannot be restored into the new server', async () => {
    const refused = await ground.project.run('restore', '--to', new Date(Date.now() - 3_600_000).toISOString());
    assert.is(refused.exitCode, 1, refused.text);
    assert.match(refused.text, 'reaches back to');
  });

  test('with the versions exchanged an apply goes back, once somebody has agreed to what stays behind', async () => {
    await ground.sql("INSERT INTO lines VALUES (100000, 'after the upgrade')");
    database(`version: ${older}`, `upgrades: { from: ${newer}, next: ${newer} }`);
    const refused = await apply();
    assert.ok(refused.exitCode > 1, refused.text);
    assert.match(refused.text, 'what was written since the upgrade stays behind');
    assert.match(refused.text, '--adopt postgres-cluster:main');
    assert.is(await version(), newer);
    expectExit(await apply('--adopt', 'postgres-cluster:main'), 0);
    assert.is(await version(), older);
    assert.is(await ground.sql('SELECT count(*) FROM lines WHERE number = 100000'), '0');
    await writes();
    await isEmpty();
    await ground.until('the full backup', async () => (await ground.told('backup')).type === 'full', 120);
    await ground.isWell();
  });

  test('a power cut in the last step of a second upgrade goes on with it, and the data of the first are set aside', async () => {
    expectExit(await ground.project.run('backup', 'drill'), 0);
    await ground.sql("INSERT INTO lines VALUES (200000, 'before the second upgrade')");
    database(`upgrades: { from: ${older} }`);
    const running = apply();
    await ground.until('the new server answers', async () => {
      const { stdout } = await ground.host.exec([
        'runuser',
        '-u',
        'postgres',
        '--',
        'psql',
        '-XAtqc',
        'SHOW server_version_num',
      ]);
      return stdout.startsWith(String(newer));
    });
    // The first statistics wait for this lock.
    const lock = ground.host.exec(['runuser', '-u', 'postgres', '--', 'psql', '-XAtq', 'notes'], {
      input: 'BEGIN; LOCK TABLE lines; SELECT pg_sleep(120);',
    });
    await ground.until('the last step has begun', async () => {
      const { stdout } = await ground.host.exec(['pgrep', '-f', `postgresql/${newer}/bin/vacuumdb`]);
      return stdout !== '';
    });
    const refused = await fetch(`${url()}/api/notes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'meanwhile' }),
    });
    assert.ok(refused.status >= 500, `nobody writes meanwhile: ${refused.status}`);
    assert.is((await fetch(`${url()}/api/notes`)).status, 200, 'and everybody reads');
    await ground.project.killRunning();
    await running;
    await ground.host.powerCut();
    await lock;
    await ground.until(
      'the upgrade has ended',
      async () => (await ground.host.exec(['ls', '/var/lib/fairlead/notes/unfinished'])).exitCode !== 0,
      180,
    );
    assert.is(await version(), newer);
    assert.is(await ground.sql('SELECT count(*) FROM lines WHERE number = 200000'), '1');
    await writes();
    assert.is((await ground.host.sh(`ls -d /var/lib/postgresql/${newer}/main.before-* | wc -l`)).trim(), '1');
    await isEmpty();
    database();
    expectExit(await apply(), 0);
    await isEmpty();
    await ground.isWell();
  });

  test.run();
}
