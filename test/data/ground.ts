/** A database with backups on a lab host, and what every story about its data asks of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type LabHost, startHost } from '../lab/host.ts';
import { LabProject, type Run } from '../lab/project.ts';
import type { Release } from '../lab/releases.ts';

export const expectExit = (run: Run, code: number) => assert.is(run.exitCode, code, run.text);

export const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', 'env', '-C', '/'];

/** What PostgreSQL and pgBackRest are called on the host. */
const configuration = ['--config=/etc/fairlead/notes/pgbackrest.conf', '--stanza=notes-production-db-1'];

/** A unit of the backups. */
export type Work = 'full' | 'incremental' | 'drill';

export class Ground {
  private constructor(
    readonly host: LabHost,
    readonly project: LabProject,
  ) {}

  /** A host with the program and its database. @param backups lines of deploy.yaml below `backups:`, and what they need. */
  static async start(
    release: Release,
    backups: string,
    prepare: (host: LabHost, project: LabProject) => Promise<void> = async () => {},
  ): Promise<Ground> {
    const host = await startHost({ release, image: 'warm', hostname: 'db-1' });
    const project = new LabProject();
    try {
      project.addHost(host);
      project.edit('  engine: none\n', backups);
      project.edit('  instances: 2\n', '  instances: 1\n');
      await prepare(host, project);
      expectExit(await project.run('apply'), 0);
      const ground = new Ground(host, project);
      await ground.sql(
        'CREATE TABLE lines (number int PRIMARY KEY, text text); INSERT INTO lines SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 1000) n',
      );
      return ground;
    } catch (error) {
      await host.stop();
      project.remove();
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.host.stop();
    this.project.remove();
  }

  /** What the superuser is told, without the last end of line. */
  async sql(text: string, database = 'notes'): Promise<string> {
    const command = [...asPostgres, 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database];
    const { exitCode, stdout, stderr } = await this.host.exec(command, { input: text });
    assert.is(exitCode, 0, stderr);
    return stdout.trim();
  }

  /** All that the table holds, in a line. */
  rows = () => this.sql("SELECT count(*), sum(number), md5(string_agg(text, ',' ORDER BY number)) FROM lines");

  /** Whether a unit of the backups ended well. */
  async runs(what: Work): Promise<boolean> {
    return (await this.host.exec(['systemctl', 'start', `notes-backup-${what}.service`])).exitCode === 0;
  }

  async succeeds(what: Work): Promise<void> {
    if (await this.runs(what)) return;
    assert.unreachable(await this.host.sh(`journalctl -o cat -n 30 -u notes-backup-${what}.service`));
  }

  /** How the last backup or drill went, as the host has written it down. */
  async told(
    what: 'backup' | 'drill',
  ): Promise<{ readonly result: string; readonly problem: string; readonly type: string }> {
    return JSON.parse(await this.host.sh(`cat /var/lib/notes-backup/${what}.json`));
  }

  /** pgBackRest's own word: the exit code of one of its commands. */
  async backrest(...command: string[]): Promise<number> {
    return (await this.host.exec([...asPostgres, 'pgbackrest', ...configuration, ...command])).exitCode;
  }

  /** Writes a row and lets the log go on to its next piece; returns the name of the one that has the row. */
  piece = () =>
    this.sql("INSERT INTO lines SELECT max(number) + 1, 'more' FROM lines; SELECT pg_walfile_name(pg_switch_wal())");

  /** The same, and waits until that piece is in the repository. */
  async archived(): Promise<string> {
    const piece = await this.piece();
    await this.until(`${piece} is archived`, async () => {
      return (await this.sql(`SELECT last_archived_wal COLLATE "C" >= '${piece}' FROM pg_stat_archiver`)) === 't';
    });
    return piece;
  }

  async until(what: string, holds: () => Promise<boolean>, seconds = 60): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await holds()); await sleep(250))
      assert.ok(Date.now() < end, `${what} within ${seconds} s`);
  }

  /** Waits until the server answers, by itself. */
  isUp = () =>
    this.until('the server is up', async () => (await this.host.exec([...asPostgres, 'pg_isready'])).exitCode === 0);

  /** What `status` says, which must be that something is wrong. */
  async alarm(): Promise<string> {
    const status = await this.project.run('status');
    expectExit(status, 1);
    return status.text;
  }

  /** Afterwards nothing is wrong any more: a backup, a drill, `status`, `plan`. */
  async isWell(): Promise<void> {
    await this.succeeds('incremental');
    await this.succeeds('drill');
    expectExit(await this.project.run('status'), 0);
    expectExit(await this.project.run('plan'), 0);
  }
}
