/** Backups and drills of a real server, and what is told of them when something was broken on purpose. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type LabHost, startHost } from './host.ts';
import { LabProject, type Run } from './project.ts';
import { labReleases } from './releases.ts';
import { openWebhook, type Webhook } from './webhook.ts';

for (const release of labReleases()) {
  const test = suite(`backups with ${release}`);
  let host: LabHost;
  let project: LabProject;
  let webhook: Webhook | undefined;

  test.before(async () => {
    host = await startHost({ release, image: 'warm', hostname: 'db-1' });
    project = new LabProject();
    project.addHost(host);
    project.edit(
      '  engine: none\n',
      '  engine: pgbackrest\n  drill:\n    checks: [SELECT count(*) > 900 FROM lines]\n',
    );
    project.edit('  instances: 2\n', '  instances: 1\n');
    expectExit(await project.run('apply'), 0);
    // As for large tables: a drill asks for all it counts in a sandbox that runs no code made in memory.
    await psql('ALTER DATABASE notes SET jit_above_cost = 0');
    await psql(
      'CREATE TABLE lines (number int PRIMARY KEY, text text); INSERT INTO lines SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 1000) n',
    );
  });
  test.after(async () => {
    webhook?.close();
    await host?.stop();
    project?.remove();
  });

  const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);
  const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', '--'];
  async function psql(sql: string): Promise<string> {
    const command = [...asPostgres, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'notes'];
    const { exitCode, stdout, stderr } = await host.exec(command, { input: sql });
    assert.is(exitCode, 0, stderr);
    return stdout.trim();
  }
  /** Runs a unit of the backups to its end. */
  const start = (what: 'full' | 'incremental' | 'drill') =>
    host.exec(['systemctl', 'start', `notes-backup-${what}.service`]);
  const state = async (what: 'backup' | 'drill') => JSON.parse(await host.sh(`cat /var/lib/notes-backup/${what}.json`));
  const succeeds = async (what: 'full' | 'incremental' | 'drill') => {
    const { exitCode } = await start(what);
    assert.is(exitCode, 0, await host.sh(`journalctl -o cat -n 30 -u notes-backup-${what}.service`));
  };
  /** Lets the log go on, and waits until the last piece of it is in the repository. */
  const archive = async (): Promise<string> => {
    const piece = await psql(
      "INSERT INTO lines SELECT max(number) + 1, 'more' FROM lines; SELECT pg_walfile_name(pg_switch_wal())",
    );
    for (let tries = 0; (await psql(`SELECT last_archived_wal >= '${piece}' FROM pg_stat_archiver`)) !== 't'; tries++) {
      assert.ok(tries < 150, `${piece} is archived`);
      await sleep(200);
    }
    return piece;
  };
  const inRepository = (piece: string) => host.sh(`find /var/lib/pgbackrest/archive -name '${piece}-*'`);

  test('a full backup and a drill succeed, which status tells with what was measured', async () => {
    expectExit(await project.run('plan'), 0);
    const fresh = await project.run('status');
    expectExit(fresh, 0);
    assert.match(fresh.text, /^ {2}backup +none yet, next 20/m);
    const taken = await project.run('backup', '--full');
    expectExit(taken, 0);
    assert.match(taken.text, /^db-1: ✓ full backup in \d+\.\d s$/m);
    const drill = await project.run('backup', 'drill');
    expectExit(drill, 0);
    assert.match(drill.text, /^db-1: ✓ drill in \d+\.\d s; RPO \d+ s, RTO \d+ s$/m);
    const list = await project.run('backup', 'list');
    expectExit(list, 0);
    assert.match(list.text, /^db-1: 1 backup; any moment from 20\S+ to 20\S+ can be restored$/m);
    assert.match(list.text, /^ {2}20\S+F +full {2}20\S+ {2}in \d+\.\d s {2}\d+\.\d MB, \d+\.\d [kM]B kept$/m);
    const status = await project.run('status', '--json');
    expectExit(status, 0);
    const { data } = JSON.parse(status.stdout).hosts[0];
    assert.is(data.database.name, 'notes');
    assert.ok(data.database.bytes > 1e6 && data.database.connections >= 1 && data.database.limit > 10);
    assert.ok(data.database.archive.archived);
    assert.equal([data.backup.result, data.backup.type], ['ok', 'full']);
    assert.is(data.drill.result, 'ok');
    assert.ok(data.drill.rpoSeconds >= 60 && data.drill.rtoSeconds > 0 && data.drill.rtoSeconds < 120);
    assert.match((await project.run('status')).text, /^ {2}drill +ok 20\S+, RPO \d+ s, RTO \d+ s, next 20/m);
    const metrics = await host.sh(
      'setpriv --reuid=nobody --clear-groups cat /var/lib/notes-backup/backup.prom /var/lib/notes-backup/drill.prom',
    );
    assert.match(metrics, /^fairlead_backup_ok\{stanza="notes-production-db-1",type="full"\} 1$/m);
    assert.match(metrics, /^fairlead_drill_ok\{stanza="notes-production-db-1",phase="end"\} 1$/m);
    assert.match(metrics, /^fairlead_drill_last_success_timestamp_seconds\{.*\} 1\d{9}$/m);
    assert.match(metrics, /^fairlead_drill_rto_seconds\{.*\} \d+$/m);
    assert.is((await host.sh('ls /var/lib/notes-backup')).includes('drill\n'), false, 'the scratch server is gone');
    expectExit(await project.run('plan'), 0);
  });

  test('a piece of the log that is gone is named; the next full backup is beyond it', async () => {
    await archive();
    const piece = await archive();
    await archive();
    const file = (await inRepository(piece)).trim();
    assert.match(file, /^\/var\/lib\/pgbackrest\/archive\//);
    await succeeds('incremental');
    await host.sh(`rm ${file}`);
    // The control: pgBackRest itself is content.
    const own = ['pgbackrest', '--config=/etc/fairlead/notes/pgbackrest.conf', '--stanza=notes-production-db-1'];
    for (const command of ['check', 'verify'])
      assert.is((await host.exec([...asPostgres, ...own, command])).exitCode, 0);
    assert.is.not((await start('drill')).exitCode, 0);
    assert.match((await state('drill')).problem, `the log has a hole: ${piece} is not in the repository`);
    assert.is.not((await start('incremental')).exitCode, 0);
    const status = await project.run('status');
    expectExit(status, 1);
    assert.match(status.text, `the last drill failed: the log has a hole: ${piece}`);
    assert.match(status.text, `the last backup failed: the log had a hole (${piece}`);
    assert.match(status.text, 'npm run backup -- drill');
    assert.is((await state('backup')).type, 'full');
    await succeeds('incremental');
    await succeeds('drill');
    expectExit(await project.run('status'), 0);
  });

  test('a backup that is killed is told, and the next one succeeds', async () => {
    const running = start('full');
    await host.sh(
      'for i in $(seq 200); do pgrep -x pgbackrest >/dev/null && break; sleep 0.05; done; systemctl kill -s KILL notes-backup-full.service',
    );
    assert.is.not((await running).exitCode, 0);
    const status = await project.run('status');
    expectExit(status, 1);
    assert.match(status.text, 'notes-backup-full.service has failed');
    await succeeds('full');
    expectExit(await project.run('status'), 0);
  });

  test('an index that does not fit its table fails the drill', async () => {
    await psql(`CREATE FUNCTION twist(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n';
CREATE INDEX twisted ON lines (twist(number))`);
    await psql("CREATE OR REPLACE FUNCTION twist(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -n'");
    assert.is.not((await start('drill')).exitCode, 0);
    assert.match((await state('drill')).problem, 'indexes and tables do not fit');
    await psql('DROP INDEX twisted; DROP FUNCTION twist');
    await succeeds('drill');
  });

  test('a query of your own that does not hold fails the drill', async () => {
    await psql('DELETE FROM lines WHERE number > 100');
    const drill = await project.run('backup', 'drill');
    expectExit(drill, 1);
    assert.match(drill.text, /^db-1: ✗ the drill failed: query 1 did not return true$/m);
    assert.match((await state('drill')).problem, 'query 1 did not return true');
    project.edit('  drill:\n', '  drill:\n    blocksDeploys: true\n');
    project.edit('LOG_LEVEL: info', 'LOG_LEVEL: warn');
    const shown = await project.run('plan');
    expectExit(shown, 2);
    assert.match(
      shown.text,
      /warning: the last drill failed: query 1 .*; backups\.drill\.blocksDeploys holds releases back/,
    );
    const held = await project.run('apply');
    expectExit(held, 7);
    assert.match(held.text, /the last drill failed: query 1 .*; backups\.drill\.blocksDeploys holds releases back/);
    await psql("INSERT INTO lines SELECT n, 'again' FROM generate_series(101, 1000) n");
    await succeeds('drill');
    expectExit(await project.run('apply'), 0);
  });

  test('a log that is not archived for long is an alarm, once, until it is', async () => {
    // What later tests break is told, too.
    webhook = await openWebhook(host);
    const { heard, url } = webhook;
    project.writeSecret('webhook', url);
    const alerts =
      'observability:\n  alerts:\n    webhook: ALERT_WEBHOOK\nsecrets:\n  ALERT_WEBHOOK: { from: file, path: webhook }\n';
    project.edit('environments:\n', `${alerts}environments:\n`);
    expectExit(await project.run('apply'), 0);
    const look = () => host.sh('systemctl start notes-monitor.service');
    const told = () => heard.filter(({ alarm }) => alarm === 'archive').map(({ state }) => state);
    await host.sh('chown -R root:root /var/lib/pgbackrest && chmod 700 /var/lib/pgbackrest');
    const piece = await psql("INSERT INTO lines SELECT 9999, 'waits'; SELECT pg_walfile_name(pg_switch_wal())");
    const mark = `/var/lib/postgresql/*/main/pg_wal/archive_status/${piece}.ready`;
    await look();
    assert.equal(told(), [], 'the control: it has not waited for long');
    await host.sh(`touch -d '-17 min' ${mark}`);
    await look();
    await look();
    assert.equal(told(), ['firing']);
    assert.match(heard.at(-1)?.text ?? '', 'has not been archived for more than 16 minutes');
    await host.sh('chown -R postgres:postgres /var/lib/pgbackrest && chmod 750 /var/lib/pgbackrest');
    for (let tries = 0; (await host.sh(`ls ${mark} 2>/dev/null || true`)) !== ''; tries++) {
      assert.ok(tries < 300, 'it is archived in the end');
      await sleep(500);
    }
    await look();
    assert.equal(told(), ['firing', 'resolved']);
    await psql('DELETE FROM lines WHERE number = 9999');
  });

  test('an update of the server takes a backup first, and is not made without one', async () => {
    const version = (await host.sh('ls /usr/lib/postgresql')).trim();
    const name = `postgresql-${version}`;
    // The package of now under a higher number, in an archive of the host's own.
    await host.sh(`mkdir -p /opt/archive && cd /opt/archive && apt-get -qq update && apt-get -qq download ${name} && dpkg-deb -R ${name}_*.deb tree &&
sed -i 's/^Version: .*/&+lab1/' tree/DEBIAN/control && rm ${name}_*.deb && dpkg-deb -b tree ${name}.deb >/dev/null && rm -r tree &&
{ dpkg-deb -f ${name}.deb; printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n' ${name} "$(stat -c %s ${name}.deb)" "$(sha256sum <${name}.deb | cut -d ' ' -f 1)"; } >Packages &&
echo 'deb [trusted=yes] file:/opt/archive ./' >/etc/apt/sources.list.d/archive.list && apt-get -qq update`);
    const installed = () => host.sh(`dpkg-query -W -f '\${Version}' ${name}`);
    const before = await installed();
    const status = await project.run('status');
    expectExit(status, 0);
    assert.ok(status.text.includes('lab1 waits'), status.text);
    assert.match(status.text, new RegExp(`^ {2}server +${before.replaceAll('+', '\\+')}; \\S+lab1 waits for 20`, 'm'));
    assert.match(await host.sh('unattended-upgrade --dry-run --verbose 2>&1'), 'Initial blacklist: postgresql-[0-9]+$');
    const update = () => host.exec(['systemctl', 'start', 'notes-database-upgrade.service']);
    await host.sh('chown -R root:root /var/lib/pgbackrest && chmod 700 /var/lib/pgbackrest');
    assert.is.not((await update()).exitCode, 0);
    assert.is(await installed(), before);
    const red = await project.run('status');
    expectExit(red, 1);
    assert.match(
      red.text,
      /the last update of the server failed: no backup could be taken before the update to \S+lab1/,
    );
    await host.sh('chown -R postgres:postgres /var/lib/pgbackrest && chmod 750 /var/lib/pgbackrest');
    const [held, { finishedAt }] = [await rows(), await state('backup')];
    const started = await psql('SELECT pg_postmaster_start_time()');
    assert.is((await update()).exitCode, 0, await host.sh('journalctl -o cat -n 30 -u notes-database-upgrade.service'));
    assert.is(await installed(), `${before}+lab1`);
    assert.is(await rows(), held);
    assert.is.not(await psql('SELECT pg_postmaster_start_time()'), started, 'the new program serves');
    assert.ok((await state('backup')).finishedAt > finishedAt, 'there is a backup of before');
    assert.is((await update()).exitCode, 0, 'there is nothing more to do');
    expectExit(await project.run('status'), 0);
    expectExit(await project.run('plan'), 0);
  });

  const rows = () => psql("SELECT count(*), sum(number), md5(string_agg(text, ',' ORDER BY number)) FROM lines");
  const moment = () => psql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')");
  const ready = async () => {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`http://localhost:${host.httpPort}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      assert.ok(tries < 150, 'the program is ready');
      await sleep(200);
    }
  };
  const tokenOf = (run: Run) => run.text.match(/--replace ([0-9a-f]{8})/)?.[1] ?? 'none';

  test('a dropped table comes back as it was, and what was there is kept', async () => {
    await succeeds('full');
    await psql("INSERT INTO lines SELECT n, 'last' FROM generate_series(2001, 2105) n");
    const before = await rows();
    await sleep(1100);
    const to = await moment();
    await sleep(1100);
    await psql('DROP TABLE lines');
    const shown = await project.run('restore', '--to', to);
    expectExit(shown, 2);
    assert.match(shown.text, /this would replace the data of the whole server by those of 20\S+Z$/m);
    assert.match(shown.text, 'Nothing was changed');
    const refused = await project.run('restore', '--to', to, '--replace', '00000000');
    expectExit(refused, 7);
    expectExit(await project.run('restore', '--to', '2020-01-01 00:00'), 1);
    const done = await project.run('restore', '--to', to, '--replace', tokenOf(shown));
    expectExit(done, 0);
    assert.match(done.text, /✓ restored to 20\S+Z in \d+\.\d s$/m);
    assert.is(await rows(), before);
    await ready();
    const kept = done.text.match(/in (\/\S+\.before-\w+)/)?.[1] ?? '';
    assert.match(await host.sh(`ls ${kept}`), 'PG_VERSION');
    await host.sh(`rm -r ${kept}`);
    expectExit(await project.run('plan'), 0);
    expectExit(await project.run('backup', '--full'), 0);
    expectExit(await project.run('backup', 'drill'), 0);
    expectExit(await project.run('status'), 0);
  });

  test('beside, nothing of the server is touched, and its end leaves nothing', async () => {
    const before = await rows();
    await sleep(1100);
    const to = await moment();
    await sleep(1100);
    await psql('DELETE FROM lines WHERE number > 2000');
    const done = await project.run('restore', '--to', to, '--beside');
    expectExit(done, 0);
    const socket = done.text.match(/psql -h (\S+) notes/)?.[1] ?? '';
    const sql = "SELECT count(*), sum(number), md5(string_agg(text, ',' ORDER BY number)) FROM lines";
    const { stdout } = await host.exec([...asPostgres, 'psql', '-XAtq', '-h', socket, '-d', 'notes', '-c', sql]);
    assert.is(stdout.trim(), before);
    assert.is.not(await rows(), before);
    expectExit(await project.run('restore', '--end'), 0);
    assert.is((await host.exec(['ls', '/var/lib/notes-backup/restored'])).exitCode, 2);
    expectExit(await project.run('status'), 0);
    expectExit(await project.run('plan'), 0);
  });

  test('a restore that fails or is killed leaves the data of before, and the server up', async () => {
    const before = await rows();
    const shown = await project.run('restore');
    const biggest =
      "file=$(find /var/lib/pgbackrest/backup/notes-production-db-1/latest/ -type f ! -name 'backup.manifest*' -printf '%s %p\\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)";
    await host.sh(
      `${biggest}; cp -p "$file" /root/good; dd if=/dev/urandom of="$file" bs=1k count=4 conv=notrunc status=none; echo "$file" >/root/damaged`,
    );
    const failed = await project.run('restore', '--replace', tokenOf(shown));
    expectExit(failed, 1);
    assert.match(failed.text, /not restored: pgbackrest restore ended with exit code \d+; the data of before are back/);
    await host.sh('cp -p /root/good "$(cat /root/damaged)"');
    assert.is(await rows(), before);
    const killed = project.run('restore', '--replace', tokenOf(shown));
    await host.sh(
      'for i in $(seq 600); do [ -f /var/lib/notes-backup/restore.aside ] && [ -d /var/lib/postgresql/*/main.before-* ] && break; sleep 0.02; done; systemctl kill -s KILL notes-backup-restore.service',
    );
    const run = await killed;
    expectExit(run, 1);
    assert.match(run.text, 'it was killed; the data of before are back');
    assert.is(await rows(), before);
    await ready();
    await host.sh('systemctl reset-failed');
    expectExit(await project.run('plan'), 0);
    expectExit(await project.run('status'), 0);
  });

  test.run();
}
