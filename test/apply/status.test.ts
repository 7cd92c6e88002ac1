/** How a host is: what the script `status` prints is read, judged and told. */
import * as assert from 'uvu/assert';
import { type HostStatus, readStatus, statusRequest } from '../../src/apply/status/status.ts';
import { colorsFor } from '../../src/report/colors.ts';
import { statusText } from '../../src/report/status.ts';
import { suite } from '../support/suite.ts';

const test = suite('the status of a host');

const now = Date.parse('2026-11-23T00:00:00Z') / 1000;
const day = 86_400;
const serial = (which: string, number: string, days = 60) => `serial ${which} ${number} ${now + days * day}`;
const unit = (name: string, more: string) => `unit Id=${name} LoadState=loaded ${more}`;
const certificate = (state: string, problem = '') =>
  `certificate ${JSON.stringify({ format: 1, state, problem, checked: '2026-11-22T23:00:00Z' })}`;

const well = [
  `now ${now}`,
  'up 200000',
  'memory 2000000 1000000',
  'disk 34 5 /',
  'disk 12 - /srv',
  unit('notes-blue@1.service', `ActiveState=active SubState=running NRestarts=2 StateChangeTimestamp=@${now - 60}`),
  unit('notes-certificate-renewal.timer', 'ActiveState=active'),
  `next notes-certificate-renewal.timer ${now + 60}`,
  'live 3f9c2a',
  'switch {"release":"3f9c2a","at":"2026-11-22T10:00:00Z","transaction":"t","who":"ann","commit":"c"}',
  'apply {"at":"2026-11-22T10:00:01Z","outcome":"converged","who":"ann"}',
  certificate('installed'),
  'renewed 720',
  serial('issued', 'A1'),
  serial('installed', 'A1'),
  serial('served', 'A1'),
];

/** The same with some lines instead of those that begin alike. */
const but = (...lines: readonly string[]) => {
  const beginning = (line: string) =>
    line.split(' ', line.startsWith('serial ') || line.startsWith('unit ') ? 2 : 1).join(' ');
  const replaced = new Set(lines.map(beginning));
  return [...well.filter((line) => !replaced.has(beginning(line))), ...lines];
};
const budgets = { backupHours: 26, drillHours: 216 };
const read = (lines: readonly string[]): HostStatus => readStatus(lines.map((line) => `${line}\n`).join(''), budgets);
const messages = (lines: readonly string[]) => read(lines).problems.map(({ message }) => message);

test('is read as it is told', () => {
  const status = read(well);
  assert.equal(status, {
    at: '2026-11-23T00:00:00Z',
    up: 200_000,
    disks: [
      { path: '/', bytes: 34, inodes: 5 },
      { path: '/srv', bytes: 12, inodes: 0 },
    ],
    units: [
      { name: 'notes-blue@1.service', state: 'active', restarts: 2, since: '2026-11-22T23:59:00Z' },
      { name: 'notes-certificate-renewal.timer', state: 'active', restarts: 0, next: '2026-11-23T00:01:00Z' },
    ],
    memory: { kib: 2_000_000, available: 1_000_000 },
    live: { release: '3f9c2a', since: '2026-11-22T10:00:00Z', who: 'ann' },
    lastApply: { at: '2026-11-22T10:00:01Z', outcome: 'converged', who: 'ann' },
    certificate: {
      state: 'installed',
      problem: '',
      checked: '2026-11-22T23:00:00Z',
      renewedDays: 30,
      issued: { serial: 'A1', notAfter: '2027-01-22T00:00:00Z' },
      installed: { serial: 'A1', notAfter: '2027-01-22T00:00:00Z' },
      served: { serial: 'A1', notAfter: '2027-01-22T00:00:00Z' },
    },
    problems: [],
  });
});

test('tells of an update of the server that waits for its window, and of one that failed', () => {
  const database = `database ${JSON.stringify({ name: 'notes', bytes: 1, connections: 1, limit: 50, replicas: 0 })}`;
  const window = unit('notes-database-upgrade.timer', 'ActiveState=active');
  const due = `next notes-database-upgrade.timer ${now + day}`;
  const lines = [...well, database, window, due];
  const text = (...more: readonly string[]) =>
    statusText('db-1', read([...lines, ...more]), colorsFor({}, { NO_COLOR: '1' }));
  assert.match(text('server 17.6 17.7'), /^ {2}server +17\.6; 17\.7 waits for 2026-11-24T00:00:00Z$/m);
  assert.match(text('server 17.7 17.7'), /^ {2}server +17\.7$/m);
  const failed = `upgrade ${JSON.stringify({ result: 'failed', problem: 'no backup', finishedAt: now })}`;
  assert.match(text('server 17.6 17.7', failed), 'the last update of the server failed: no backup');
  assert.match(text('server 17.6 17.7', failed), 'systemctl start notes-database-upgrade.service');
});

const troubles: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['a unit that failed', [...well, unit('nginx.service', 'ActiveState=failed')], /^nginx\.service has failed$/],
  ['a job that failed', [...well, 'failed notes-job-mail.service'], /^notes-job-mail\.service has failed$/],
  [
    'a unit that failed, once',
    [...well, unit('notes-blue@2.service', 'ActiveState=failed'), 'failed notes-blue@2.service'],
    /^notes-blue@2\.service has failed$/,
  ],
  ['a unit that was stopped', [...well, unit('nginx.service', 'ActiveState=inactive')], /^nginx\.service is inactive$/],
  [
    'a unit without a file',
    [...well, 'unit Id=x.service LoadState=not-found ActiveState=inactive'],
    /^there is no unit x/,
  ],
  [
    'a certificate that could not be had',
    but(certificate('failed', 'DNS: there is no name x')),
    /DNS: there is no name x$/,
  ],
  [
    'a placeholder',
    but(certificate('placeholder')).filter((line) => !line.startsWith('serial')),
    /only a placeholder$/,
  ],
  ['a renewal that was not put in place', but(serial('issued', 'B2')), /serial B2\), and the one of before \(A1\)/],
  [
    'a certificate that Nginx did not take up',
    but(serial('served', 'C3')),
    /Nginx serves the certificate C3, and not A1/,
  ],
  ['a certificate that has expired', but(serial('served', 'A1', -1)), /has expired on 2026-11-22/],
  ['a certificate that is not renewed', but(serial('served', 'A1', 14)), /in 14\.0 days, and was not renewed$/],
  ['a disk that is full', but('disk 93 5 /'), /^\/ is full to 93 percent$/],
  ['inodes that are used up', but('disk 3 97 /'), /^\/ has used 97 percent of its inodes$/],
  ['memory that runs out', but('memory 2000000 50000'), /^only 49 MB of memory are available$/],
  ['an apply that was cut off', [...well, 'unfinished 20261122t1-ab'], /^the apply 20261122t1-ab was cut off/],
  ['a host without anything', [`now ${now}`], /^nothing of the project is on this host$/],
];

for (const [title, lines, wanted] of troubles) {
  test(`tells ${title}, and only that`, () => {
    const found = messages(lines);
    assert.is(found.filter((message) => wanted.test(message)).length, 1, found.join('\n'));
    assert.is(found.length, 1, found.join('\n'));
    assert.ok(read(lines).problems.every(({ fix }) => fix !== ''));
  });
}

/** A host with a database and backups, as far as that goes. */
const database = (more: object) =>
  `database ${JSON.stringify({ name: 'notes', bytes: 12_345_678, connections: 7, limit: 40, replicas: 0, archiving: true, archived: now - 32, failed: now - 900, waiting: 0, ...more })}`;
const run = (what: string, more: object = {}) =>
  `${what} ${JSON.stringify({ format: 1, result: 'ok', problem: '', startedAt: now - 4000, finishedAt: now - 3600, lastSuccessAt: now - 3600, ...more })}`;
const kept = [
  ...well,
  unit('notes-backup-full.timer', 'ActiveState=active'),
  unit('notes-backup-incremental.timer', 'ActiveState=active'),
  unit('notes-backup-drill.timer', 'ActiveState=active'),
  `next notes-backup-full.timer ${now + 3 * day}`,
  `next notes-backup-incremental.timer ${now + 9000}`,
  `next notes-backup-drill.timer ${now + 2 * day}`,
  `since ${now - 30 * day}`,
  database({}),
  run('backup', { type: 'incr' }),
  run('drill', { rpoSeconds: 61, rtoSeconds: 14 }),
];
const keptBut = (...lines: readonly string[]) => {
  const words = new Set(lines.map((line) => line.split(' ', 1)[0]));
  return [...kept.filter((line) => !words.has(line.split(' ', 1)[0])), ...lines];
};
const without = (...words: readonly string[]) => kept.filter((line) => !words.includes(line.split(' ', 1)[0] ?? ''));

const losses: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a server that does not answer',
    keptBut('database {"name":"notes","problem":"could not connect"}'),
    /^the database notes does not answer: could not connect$/,
  ],
  ['figures that cannot be read', keptBut('database nonsense'), /does not answer: what it said could not be read$/],
  ['connections that run out', keptBut(database({ connections: 36 })), /^36 of 40 connections of the server/],
  [
    'a log that cannot be archived',
    keptBut(database({ failed: now - 5, waiting: 3 })),
    /^the write-ahead log could not be archived at 2026-11-22T23:59:55Z; 3 pieces wait$/,
  ],
  [
    'a log that never could be archived',
    keptBut(database({ archived: null, failed: now - 5, waiting: 3 })),
    /^the write-ahead log could not be archived/,
  ],
  ['a log that is archived too slowly', keptBut(database({ waiting: 65 })), /^65 pieces of the write-ahead log wait/],
  [
    'a backup that failed',
    keptBut(run('backup', { result: 'failed', problem: 'disk full' })),
    /^the last backup failed: disk full$/,
  ],
  ['a backup that was damaged on disk', keptBut('backup {"result":'), /^the last backup failed: what was written down/],
  [
    'a backup that is too old',
    keptBut(run('backup', { lastSuccessAt: now - 27 * 3600 })),
    /^no backup has succeeded for 27 hours; 26/,
  ],
  ['backups that never ran', without('backup'), /^no backup has succeeded for 720 hours/],
  [
    'a drill that failed',
    keptBut(run('drill', { result: 'failed', problem: 'a table did not come back' })),
    /^the last drill failed: a table/,
  ],
  ['drills that never ran', without('drill'), /^no drill has succeeded for 720 hours; 216/],
  [
    'a certificate of the database that ends',
    [...kept, `serial database A1 ${now + 13 * day}`],
    /^the certificate of the database ends on 2026-12-06T00:00:00Z, in 13\.0 days$/,
  ],
  [
    'a certificate of the database that has ended',
    [...kept, `serial database A1 ${now - day}`],
    /^the certificate of the database has expired on 2026-11-22/,
  ],
];

for (const [title, lines, wanted] of losses) {
  test(`tells ${title}, and only that`, () => {
    const found = messages(lines);
    assert.is(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', wanted);
    assert.ok(read(lines).problems.every(({ fix }) => fix !== '' && !fix.includes('undefined')));
  });
}

test('is content with what is backed up, with backups that are not due yet, and with a server without an archive', () => {
  assert.equal(messages(kept), []);
  assert.equal(messages([...kept, `serial database A1 ${now + 15 * day}`]), []);
  const fresh = without('backup', 'drill', 'since');
  assert.equal(messages([...fresh, `since ${now - 3600}`]), []);
  assert.equal(messages([...well, database({ archiving: false, failed: now })]), []);
  assert.match(
    read(keptBut(run('backup', { result: 'failed', problem: 'x' }))).problems[0]?.fix ?? '',
    /-u notes-backup-full\.service; when that is mended: npm run backup$/,
  );
});

test('tells people of the database, the last backup and the last drill', () => {
  const lines = (status: readonly string[]) =>
    statusText('db-1', read(status), colorsFor({}, { NO_COLOR: '1' })).split('\n');
  const shown = lines(kept);
  assert.ok(
    shown.includes('  database    notes 12.3 MB, 7 of 40 connections, log archived 32 s ago'),
    shown.join('\n'),
  );
  assert.ok(shown.includes('  backup      incr ok 2026-11-22T23:00:00Z, next 2026-11-23T02:30:00Z'), shown.join('\n'));
  assert.ok(
    shown.includes('  drill       ok 2026-11-22T23:00:00Z, RPO 61 s, RTO 14 s, next 2026-11-25T00:00:00Z'),
    shown.join('\n'),
  );
  assert.ok(lines(without('backup')).includes('  backup      none yet, next 2026-11-23T02:30:00Z'));
});

test('takes what is on its way, and a short-lived certificate, for well', () => {
  assert.equal(messages([...well, unit('nginx.service', 'ActiveState=reloading')]), []);
  const short = [serial('issued', 'A1', 4), serial('installed', 'A1', 4), serial('served', 'A1', 4)];
  assert.equal(messages(but('renewed 72', ...short)), []);
  assert.is(messages(but('renewed 720', ...short)).length, 1, 'the control');
});

test('does not trust what a hand has damaged, nor the clock of this machine', () => {
  const status = read(but('certificate {"state":', 'apply nonsense', 'switch {}'));
  assert.is(status.certificate?.state, 'unknown');
  assert.is(status.lastApply, undefined);
  assert.equal(status.live, { release: '3f9c2a' });
  assert.throws(() => readStatus('sh: not found\n', budgets), /what time/);
});

test('asks for units a line each', () => {
  const units = ['nginx.service', 'x.timer'];
  assert.is(statusRequest({ project: 'notes', instances: 2, units }), 'notes\n2\n\n\nnginx.service\nx.timer\n');
  assert.is(
    statusRequest({ project: 'notes', instances: 0, database: 'data', backups: '/var/lib/b', units: [] }),
    'notes\n0\ndata\n/var/lib/b\n',
  );
});

test('says which data of before an upgrade are kept, and when they were meant to be gone', () => {
  const database = 'database {"name":"notes","bytes":1000000,"connections":1,"limit":50,"replicas":0}';
  const kept = (days: number, path: string) => `kept 15 ${now - days * day} 38000000 ${path}`;
  const lines = (...more: readonly string[]) => `${[...well, database, ...more].join('\n')}\n`;
  const judged = (days: number, path = '/var/lib/postgresql/15/main') =>
    readStatus(lines(kept(days, path)), { ...budgets, keepHours: 336 });
  assert.equal(judged(13).problems, []);
  assert.match(
    statusText('db-1', judged(13), colorsFor({}, { NO_COLOR: '1' })),
    'kept        PostgreSQL 15, 38.0 MB, since 2026-11-10T00:00:00Z, /var/lib/postgresql/15/main',
  );
  const [late] = judged(20).problems;
  assert.match(
    late!.message,
    'have been kept for 20 days, in /var/lib/postgresql/15/main; database.upgrades.keep asks for 14',
  );
  assert.match(late!.fix, 'pg_dropcluster 15 main');
  assert.match(
    judged(20, '/var/lib/postgresql/15/main.before-1').problems[0]!.fix,
    'rm -r /var/lib/postgresql/15/main.before-1',
  );
});

test('says how an upgrade went that a drill rehearsed', () => {
  const drill = (upgrade: object) =>
    `drill ${JSON.stringify({ format: 1, result: 'ok', problem: '', finishedAt: now - 60, lastSuccessAt: now - 60, rpoSeconds: 61, rtoSeconds: 5, upgrade })}`;
  const told = (upgrade: object) => {
    const lines = [
      ...well,
      `since ${now - day}`,
      drill(upgrade),
      unit('notes-backup-drill.timer', 'ActiveState=active'),
    ];
    return statusText('db-1', read(lines), colorsFor({}, { NO_COLOR: '1' }));
  };
  assert.match(
    told({ to: 17, result: 'ok', problem: '', seconds: 9 }),
    'RTO 5 s, upgrade to PostgreSQL 17 rehearsed in 9 s',
  );
  assert.match(
    told({ to: 17, result: 'failed', problem: 'no room', seconds: 1 }),
    'rehearsal of the upgrade to PostgreSQL 17 failed: no room',
  );
  assert.not.match(told([]), 'upgrade');
});

test('is told to people with the problems first', () => {
  const colors = colorsFor({}, { NO_COLOR: '1' });
  assert.is(
    statusText('web-1', read(well), colors),
    `web-1: all is well
  release     3f9c2a since 2026-11-22T10:00:00Z by ann
  certificate until 2027-01-22T00:00:00Z (60 days), renewed 30 days before, serial A1
  units       2 of 2 active; started again by systemd: notes-blue@1.service 2×
  host        up 2 days, memory 50 %, / 34 %, /srv 12 %
  last apply  2026-11-22T10:00:01Z converged, by ann
`,
  );
  const unwell = statusText('web-1', read(but('disk 93 5 /')), colors).split('\n');
  assert.is(unwell[0], 'web-1: 1 problem');
  assert.is(unwell[1], '  ✗ / is full to 93 percent');
  assert.match(unwell[2] ?? '', /^ {4}fix: make room/);
});

test.run();
