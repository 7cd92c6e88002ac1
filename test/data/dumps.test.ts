/** What breaks dumps without a word, done on purpose: each must be red within one dump, drill or check, with its cause, and lose nothing more. */
import { generateIdentity } from 'age-encryption';
import * as assert from 'uvu/assert';
import { labReleases } from '../lab/releases.ts';
import { suite } from '../support/suite.ts';
import { expectExit, Ground } from './ground.ts';
import { flip, withChecksums } from './sabotage.ts';

const repository = '/var/backups/notes/notes-production-db-1';
const state = '/var/lib/notes-backup';
const identity = '/etc/fairlead/notes/secrets/BACKUP_IDENTITY';

for (const release of labReleases()) {
  const test = suite(`dumps with ${release}`);
  let ground: Ground;

  test.before(async () => {
    ground = await Ground.start(
      release,
      '  engine: pg_dump\n  encryption: BACKUP_IDENTITY\nsecrets:\n  BACKUP_IDENTITY: { from: file, path: identity }\n',
      async (_, project) => project.writeSecret('identity', await generateIdentity()),
    );
    await ground.succeeds('full');
    await ground.isWell();
  });
  test.after(() => ground?.end());

  const newest = async () =>
    (await ground.host.sh(`ls ${repository} | grep 'dump$' | tail -n 1 | cut -d . -f 1`)).trim();

  /** The state files say so, and so does `status`. */
  async function isTold(what: 'backup' | 'drill', problem: RegExp): Promise<void> {
    assert.match((await ground.told(what)).problem, problem);
    assert.match(await ground.alarm(), new RegExp(`the last ${what} failed: .*${problem.source}`));
  }

  test('a dump that somebody deleted is told by a drill', async () => {
    const label = await newest();
    await ground.host.sh(`rm ${repository}/${label}.*`);
    assert.not.ok(await ground.runs('drill'));
    await isTold('drill', new RegExp(`gone from the repository without having been retired: ${label}`));
    // The next dump says it too, and is there.
    assert.not.ok(await ground.runs('incremental'));
    await isTold('backup', new RegExp(`${label}; this new one is there`));
    assert.is.not(await newest(), label);
    await ground.isWell();
  });

  test('a dump of which a part is gone is none', async () => {
    const whole = await newest();
    await ground.succeeds('full');
    const label = await newest();
    await ground.host.sh(`rm ${repository}/${label}.dump`);
    assert.not.ok(await ground.runs('incremental'));
    await isTold('backup', new RegExp(`gone from the repository without having been retired: ${label}`));
    const list = await ground.project.run('backup', 'list');
    expectExit(list, 0);
    assert.match(list.text, whole);
    assert.not.match(list.text, label);
    await ground.isWell();
  });

  test('a byte of a dump that is another one', async () => {
    await ground.succeeds('incremental');
    const label = await newest();
    await ground.host.sh(flip(`${repository}/${label}.dump`));
    assert.not.ok(await ground.runs('drill'));
    await isTold('drill', new RegExp(`the dump ${label} is damaged: it is not what was written`));
    await ground.isWell();
  });

  test('a byte of a table that is another one', async () => {
    await withChecksums(ground);
    await ground.sql("CREATE TABLE victim AS SELECT n, repeat('x', 100) FROM generate_series(1, 1000) n; CHECKPOINT");
    const file = `/var/lib/postgresql/*/main/${await ground.sql("SELECT pg_relation_filepath('victim')")}`;
    // What the server holds in memory is whole: it reads the page anew after a restart.
    await ground.host.sh(
      `systemctl stop 'postgresql@*' && ${flip(`$(echo ${file})`)} && systemctl start 'postgresql@*-main.service' --all`,
    );
    await ground.isUp();
    assert.not.ok(await ground.runs('incremental'));
    await isTold('backup', /(rows cannot be counted|pg_dump failed): .*invalid page in block \d+/);
    await ground.sql('DROP TABLE victim');
    await ground.isWell();
  });

  test('a repository that cannot be written to', async () => {
    const before = await newest();
    await ground.host.sh('chown -R root:root /var/backups/notes && chmod 700 /var/backups/notes');
    assert.not.ok(await ground.runs('incremental'));
    await isTold('backup', /the folder \S+ cannot be made|the repository does not take the dump/);
    await ground.host.sh('chown -R notes-backup:notes-backup /var/backups/notes && chmod 750 /var/backups/notes');
    assert.is(await newest(), before);
    await ground.isWell();
  });

  test('an identity that is another one', async () => {
    await ground.host.sh(`cp -p ${identity} /root/right`);
    await ground.host.exec(['sh', '-c', `cat >${identity}`], { input: `${await generateIdentity()}\n` });
    assert.not.ok(await ground.runs('drill'));
    await isTold('drill', /the dump cannot be decrypted/);
    // Somebody edited it by hand: plan says so, and apply puts it right.
    const plan = await ground.project.run('plan');
    assert.is(plan.exitCode, 2, plan.text);
    assert.match(plan.text, 'BACKUP_IDENTITY');
    expectExit(await ground.project.run('apply'), 0);
    await ground.isWell();
  });

  test('a disk without room', async () => {
    const before = await newest();
    await ground.sql(
      'CREATE TABLE many AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 200000) n',
    );
    await ground.host.sh(`
mkdir /small && mount -t tmpfs -o size=3m,mode=700 tmpfs /small && cp -a ${state}/. /small/ && chown --reference=${state} /small && mount --bind /small ${state}`);
    assert.not.ok(await ground.runs('incremental'));
    await isTold('backup', /the dump could not be encrypted or written|pg_dump failed/);
    assert.is(await newest(), before, 'no half of a dump is there');
    await ground.host.sh(`umount ${state} && umount /small && rmdir /small`);
    await ground.sql('DROP TABLE many');
    await ground.isWell();
  });

  test('a restore that is killed', async () => {
    await ground.sql('CREATE TABLE many AS SELECT n, md5(n::text) AS text FROM generate_series(1, 300000) n');
    await ground.succeeds('full');
    await ground.sql("INSERT INTO lines SELECT max(number) + 1, 'after' FROM lines");
    const before = await ground.rows();
    const token = (await ground.project.run('restore')).text.match(/--replace ([0-9a-f]{8})/)?.[1] ?? 'none';
    const restoring = ground.project.run('restore', '--replace', token);
    const phase = () => ground.host.exec(['cat', `${state}/restore.phase`]);
    await ground.until('it restores', async () => (await phase()).stdout.trim() === 'restoring');
    await ground.host.sh('systemctl kill -s KILL notes-backup-restore.service');
    const killed = await restoring;
    expectExit(killed, 1);
    assert.is(await ground.rows(), before);
    assert.is(await ground.sql('SELECT count(*) FROM many'), '300000');
    assert.match(await ground.alarm(), /notes-backup-restore\.service has failed/);
    // One that succeeds makes it well again.
    const again = (await ground.project.run('restore')).text.match(/--replace ([0-9a-f]{8})/)?.[1] ?? 'none';
    expectExit(await ground.project.run('restore', '--replace', again), 0);
    assert.is.not(await ground.rows(), before, 'the control: the row of after the dump is gone now');
    await ground.sql('DROP TABLE many');
    await ground.isWell();
  });

  test.run();
}
