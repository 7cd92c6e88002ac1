/** The backups of a server: what pgBackRest tells of them is read and told. */
import * as assert from 'uvu/assert';
import { readBackups, readDumps } from '../../src/apply/backups.ts';
import { backupsText, ranText, sizeText } from '../../src/report/backups.ts';
import { colorsFor } from '../../src/report/colors.ts';
import { suite } from '../support/suite.ts';

const test = suite('the backups of a server');
const colors = colorsFor({}, { NO_COLOR: '1' });
const start = Date.parse('2026-11-22T02:30:00Z') / 1000;

/** As pgBackRest 2.45 tells one, as far as it matters. */
const told = (label: string, type: string, hours: number, more: object = {}) => ({
  archive: { start: '000000010000000000000004', stop: '000000010000000000000004' },
  backrest: { format: 5, version: '2.45' },
  database: { id: 1, 'repo-key': 1 },
  error: false,
  info: { delta: 100, repository: { delta: 1_234_567, size: 4_000_000 }, size: 34_567_890 },
  label,
  timestamp: { start: start + hours * 3600, stop: start + hours * 3600 + 4 },
  type,
  ...more,
});
const server = (id: number, version: string) => ({
  id,
  'repo-key': 1,
  'system-id': 7_300_000_000_000_000_000,
  version,
});
const info = (
  backup: readonly object[],
  status: object = { code: 0, message: 'ok' },
  db: readonly object[] = [server(1, '15')],
) => `info ${JSON.stringify([{ archive: [], backup, db, name: 'notes-production-db-1', status }])}\n`;

const two = info([
  told('20261122-023000F', 'full', 0),
  told('20261122-023000F_20261123-023000I', 'incr', 24, { error: true }),
]);

test('are read with the moments that can be restored', () => {
  const known = readBackups(`${two}archived ${start + 90_000}\n`);
  assert.equal(known.backups[0], {
    label: '20261122-023000F',
    type: 'full',
    started: '2026-11-22T02:30:00Z',
    finished: '2026-11-22T02:30:04Z',
    bytes: 34_567_890,
    added: 1_234_567,
    damaged: false,
  });
  assert.equal([known.from, known.to], ['2026-11-22T02:30:04Z', '2026-11-23T03:30:00Z']);
  assert.is(known.problem, undefined);
});

test('count up to the newest whole one when nothing is known of the log', () => {
  assert.is(readBackups(two).to, '2026-11-22T02:30:04Z');
});

test('of before an upgrade to another major version are told as such, and cannot be restored', () => {
  const listed = info(
    [told('20261122-023000F', 'full', 0), told('20261123-023000F', 'full', 24, { database: { id: 2, 'repo-key': 1 } })],
    { code: 0, message: 'ok' },
    [server(1, '15'), server(2, '17')],
  );
  const known = readBackups(listed);
  assert.equal(
    known.backups.map(({ former }) => former),
    ['15', undefined],
  );
  assert.is(known.from, '2026-11-23T02:30:04Z');
  assert.match(backupsText('db-1', known, colors), '20261122-023000F                  full  2026-11-22T02:30:04Z');
  assert.match(backupsText('db-1', known, colors), '1.2 MB kept  of PostgreSQL 15\n');
});

test('may be none yet, which is no problem; another state is one', () => {
  const none = readBackups(info([], { code: 2, message: 'no valid backups' }));
  assert.equal(none, { backups: [] });
  assert.is(backupsText('db-1', none, colors), 'db-1: no backup yet\n');
  const bad = readBackups(info([], { code: 99, message: 'other' }));
  assert.is(backupsText('db-1', bad, colors), 'db-1: no backup yet\n  ✗ other\n');
});

test('are no list when something else was printed', () => {
  for (const text of ['', 'info', 'info []', 'info {"a":1}', 'info nonsense'])
    assert.throws(() => readBackups(text), /no list/, text);
});

test('are told newest first', () => {
  assert.is(
    backupsText('db-1', readBackups(`${two}archived ${start + 90_000}\n`), colors),
    `db-1: 2 backups; any moment from 2026-11-22T02:30:04Z to 2026-11-23T03:30:00Z can be restored
  20261122-023000F_20261123-023000I incr  2026-11-23T02:30:04Z  in 4.0 s  34.6 MB, 1.2 MB kept  pages of the database were damaged
  20261122-023000F                  full  2026-11-22T02:30:04Z  in 4.0 s  34.6 MB, 1.2 MB kept
`,
  );
  assert.equal([12, 1200, 4e9].map(sizeText), ['12 B', '1.2 kB', '4.0 GB']);
});

test('of one database are dumps, each of which brings back its own moment', () => {
  const dump = (label: string, type: string, hours: number) =>
    `dump ${JSON.stringify({ label, type, started: start + hours * 3600, finished: start + hours * 3600 + 7, bytes: 9_000_000, added: 1200, sha256: 'ab' })}\n`;
  const known = readDumps(dump('20261122-023000F', 'full', 0) + dump('20261123-023000I', 'incr', 24));
  assert.equal([known.from, known.to], ['2026-11-22T02:30:00Z', '2026-11-23T02:30:00Z']);
  assert.is(
    backupsText('web-1', known, colors),
    `web-1: 2 backups; the moments of dumps from 2026-11-22T02:30:00Z to 2026-11-23T02:30:00Z can be restored
  20261123-023000I                  incr  2026-11-23T02:30:07Z  in 7.0 s  9.0 MB, 1.2 kB kept
  20261122-023000F                  full  2026-11-22T02:30:07Z  in 7.0 s  9.0 MB, 1.2 kB kept
`,
  );
  assert.equal(readDumps(''), { backups: [] });
  for (const text of ['dump {}', 'dump nonsense', 'dump {"label":"x","type":"full"}'])
    assert.throws(() => readDumps(`${text}\n`), /no list of dumps/, text);
});

test('end with what they came to', () => {
  const ok = { result: 'ok', problem: '' };
  assert.is(ranText('db-1', 'backup', { ...ok, type: 'incr' }, 4.21, colors), 'db-1: ✓ incr backup in 4.2 s\n');
  assert.is(
    ranText('db-1', 'drill', { ...ok, rpoSeconds: 61, rtoSeconds: 9 }, 12, colors),
    'db-1: ✓ drill in 12.0 s; RPO 61 s, RTO 9 s\n',
  );
  assert.is(
    ranText('db-1', 'drill', { result: 'failed', problem: 'a table did not come back' }, 3, colors),
    'db-1: ✗ the drill failed: a table did not come back\n',
  );
});

test.run();
