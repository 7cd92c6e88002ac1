import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../../lab/host.ts';
import { bringUp, type Setting } from '../project.ts';
import type { Row } from '../rows.ts';
import { say } from '../say.ts';
import { median } from '../statistics.ts';

/** Sizes of the database, in megabytes. */
const sizes = [10, 100, 1000] as const;

/** How often each of the smaller sizes is measured; the last one is measured once. */
const rounds = 3;

/** Clients that insert, for how many seconds in each round, and how many rounds. */
const inserting = { clients: 4, seconds: 6, rounds: 5 } as const;

/** Backups, drills and restores by the size of the database, in turn with pg_dump and pg_restore of the same data; and inserts with the log archived and not. */
export async function byData({ folder, host }: Setting): Promise<Row[]> {
  const deployFile = join(folder, 'deploy.yaml');
  const before = readFileSync(deployFile, 'utf8');
  try {
    writeFileSync(deployFile, before.replace('backups:\n  engine: none', 'backups:\n  engine: pgbackrest'));
    await bringUp(folder);
    const rows: Row[] = [];
    for (const size of sizes) rows.push(...(await ofSize(host, size)));
    return [...rows, ...(await inserts(host))];
  } finally {
    writeFileSync(deployFile, before);
    await bringUp(folder);
  }
}

const asPostgres = (command: string) => `cd / && runuser -u postgres -- ${command}`;

/** How long a command takes on the host, in milliseconds. @throws Error when it fails. */
async function timed(host: LabHost, command: string): Promise<number> {
  const told = await host.sh(`begun=$(date +%s%N) && { ${command}; } >/dev/null && echo $(($(date +%s%N) - begun))`);
  return Number(told.trim().split('\n').at(-1)) / 1e6;
}

const psql = (host: LabHost, sql: string, database = 'notes') =>
  host.exec(
    ['runuser', '-u', 'postgres', '--', 'env', '-C', '/', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database],
    {
      input: sql,
    },
  );

/** Fills a table with text of which half can be compressed, as text of people can. */
async function fill(host: LabHost, megabytes: number): Promise<void> {
  const { exitCode, stderr } = await psql(
    host,
    `DROP TABLE IF EXISTS filler;
CREATE TABLE filler AS SELECT n AS id, (SELECT string_agg(md5(n::text || part || random()), '') FROM generate_series(1, 28) part) AS text
  FROM generate_series(1, ${megabytes * 1000}) n;
ALTER TABLE filler ADD PRIMARY KEY (id); CHECKPOINT;`,
  );
  if (exitCode !== 0) throw new Error(`the table could not be filled: ${stderr}`);
}

/** Runs a unit of the backups; of one that fails, what it said. */
const run = (unit: string) => `systemctl start ${unit} || { journalctl -n 20 -o cat -u ${unit} >&2; false; }`;

/** What is done to a database of a size, by name. Each but the drill is compared with the next one. */
const works: readonly (readonly [name: string, command: string, after?: string])[] = [
  ['full backup', run('notes-backup-full.service')],
  ['pg_dump', asPostgres('pg_dump --format=custom --file=/var/tmp/bench.dump notes')],
  [
    'restore',
    "printf 'beside\\nlatest\\n' >/var/lib/notes-backup/restore.request && systemctl start notes-backup-restore.service",
    "printf 'end\\nlatest\\n' >/var/lib/notes-backup/restore.request && systemctl start notes-backup-restore.service",
  ],
  [
    'pg_restore',
    `${asPostgres('createdb bench')} && ${asPostgres('pg_restore --dbname=bench /var/tmp/bench.dump')}`,
    asPostgres('dropdb bench'),
  ],
  ['drill', run('notes-backup-drill.service')],
];

async function ofSize(host: LabHost, size: number): Promise<Row[]> {
  say(`backups, drills and restores of ${size} MB`);
  await fill(host, size);
  const taken = new Map(works.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < (size === sizes.at(-1) ? 1 : rounds); round++) {
    for (const [name, command, after] of works) {
      taken.get(name)?.push(await timed(host, command));
      if (after) await host.sh(after);
    }
  }
  const of = (name: string) => taken.get(name) ?? [];
  const ratio = (name: string, base: string) => (median(of(name)) / median(of(base))).toFixed(2);
  const line = (name: string, compared: string): Row => row(`${name} of ${size} MB`, of(name), size, compared);
  return [
    line('pg_dump', ''),
    line('full backup', ratio('full backup', 'pg_dump')),
    line('pg_restore', ''),
    line('restore', ratio('restore', 'pg_restore')),
    line('drill', ''),
  ];
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

function row(what: string, times: readonly number[], size: number, ratio: string): Row {
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const rate = `${(size / (median(times) / 1000)).toFixed(0)} MB a second`;
  return [
    what,
    seconds(median(times)),
    `${seconds(low)} – ${seconds(high)}; ${rate}`,
    String(times.length),
    '',
    '',
    ratio,
    '',
    '',
  ];
}

/** Transactions a second of clients that insert a kilobyte each, with the log handed over and with a command that does nothing. */
async function inserts(host: LabHost): Promise<Row[]> {
  say('inserts with and without an archive');
  await host.sh(`cat >/root/insert.sql <<'SQL'
INSERT INTO filler SELECT nextval('filler_id'), repeat(md5(random()::text), 30);
SQL
cp /root/insert.sql /var/tmp/insert.sql && chmod 644 /var/tmp/insert.sql`);
  await psql(host, 'TRUNCATE filler; CREATE SEQUENCE filler_id;');
  const [archived, alone] = [[] as number[], [] as number[]];
  for (let round = 0; round < inserting.rounds; round++) {
    for (const [command, rates] of [
      ["ALTER SYSTEM SET archive_command = '/bin/true'", alone],
      ['ALTER SYSTEM RESET archive_command', archived],
    ] as const) {
      await psql(host, `${command};\nSELECT pg_reload_conf(), pg_sleep(1);`);
      const told = await host.sh(
        asPostgres(
          `/usr/lib/postgresql/17/bin/pgbench -n -f /var/tmp/insert.sql -c ${inserting.clients} -T ${inserting.seconds} notes`,
        ),
      );
      rates.push(Number(told.match(/^tps = ([\d.]+)/m)?.[1]));
    }
  }
  await psql(host, 'DROP TABLE filler; DROP SEQUENCE filler_id;');
  const line = (what: string, rates: readonly number[], ratio: string): Row => [
    what,
    `${median(rates).toFixed(0)} a second`,
    `${Math.min(...rates).toFixed(0)} – ${Math.max(...rates).toFixed(0)}`,
    String(rates.length),
    '',
    '',
    ratio,
    '',
    '',
  ];
  return [
    line('inserts of 1 kB, no archive', alone, ''),
    line('inserts of 1 kB, log archived', archived, (median(archived) / median(alone)).toFixed(2)),
  ];
}
