/** Restores that are asked for: the moment, the backup, the run on the host, and what is said of them. */
import * as assert from 'uvu/assert';
import { type BackupRun, runBackup } from '../../src/apply/backup-run.ts';
import type { Backup } from '../../src/apply/backups.ts';
import { backupFor, momentIn, momentText, restoreToken } from '../../src/apply/restore.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { progressLine } from '../../src/report/backup-progress.ts';
import { colorsFor } from '../../src/report/colors.ts';
import { previewText, restoredText } from '../../src/report/restore.ts';
import type { Connection } from '../../src/transport/transport.ts';
import { suite } from '../support/suite.ts';

const test = suite('a restore');
const colors = colorsFor({}, { NO_COLOR: '1' });
const at = (text: string) => Date.parse(text) / 1000;

const moments: readonly (readonly [string, string])[] = [
  ['2026-11-22 10:00', '2026-11-22T10:00:00Z'],
  ['2026-11-22T10:00:30Z', '2026-11-22T10:00:30Z'],
  ['2026-11-22 10:00:30.5', '2026-11-22T10:00:30Z'],
  ['2026-11-22 10:00+02:00', '2026-11-22T08:00:00Z'],
  [' 2026-11-22 10:00 -05:30', '2026-11-22T15:30:00Z'],
];

for (const [text, wanted] of moments) {
  test(`takes ${text} for ${wanted}`, () => {
    assert.is(momentIn(text), at(wanted));
    assert.is(momentText(momentIn(text)), wanted.replace('T', ' ').replace('Z', '+00'));
  });
}

for (const text of ['', 'yesterday', '2026-11-22', '2026-13-22 10:00', '2026-11-22 25:00', "2026-11-22 10:00'; --"]) {
  test(`refuses "${text}" as a moment`, () => {
    assert.throws(
      () => momentIn(text),
      (error: unknown) => error instanceof DiagnosticsError,
    );
  });
}

const backup = (finished: string, more: Partial<Backup> = {}): Backup => ({
  label: finished,
  type: 'full',
  started: finished,
  finished,
  bytes: 1,
  added: 1,
  damaged: false,
  ...more,
});
const known = {
  backups: [
    backup('2026-11-20T02:30:00Z'),
    backup('2026-11-21T02:30:00Z'),
    backup('2026-11-22T02:30:00Z', { damaged: true }),
  ],
  from: '2026-11-20T02:30:00Z',
};
const now = at('2026-11-23T00:00:00Z');
const problem = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics[0]!;
  }
  throw new Error('nothing was refused');
};

test('begins with the newest whole backup before the moment', () => {
  assert.is(backupFor('db-1', known, 'latest', now).label, '2026-11-21T02:30:00Z');
  assert.is(backupFor('db-1', known, at('2026-11-21T02:29:59Z'), now).label, '2026-11-20T02:30:00Z');
  assert.is(backupFor('db-1', known, at('2026-11-21T02:30:00Z'), now).label, '2026-11-21T02:30:00Z');
});

test('is refused for a moment before the first backup, for one to come, and without a backup', () => {
  const early = problem(() => backupFor('db-1', known, at('2026-11-19T00:00:00Z'), now));
  assert.match(early.message, 'no backup of db-1 reaches back to 2026-11-19T00:00:00Z');
  assert.match(early.fix, 'from 2026-11-20T02:30:00Z on');
  assert.match(problem(() => backupFor('db-1', known, now + 60, now)).message, 'is not over yet');
  assert.match(problem(() => backupFor('db-1', { backups: [] }, 'latest', now)).fix, 'npm run backup');
});

test('has a token that is of one server, one moment, and one backup', () => {
  const [older, newer] = [known.backups[0]!, known.backups[1]!];
  const token = restoreToken('notes-production-db-1', now, older);
  assert.match(token, /^[0-9a-f]{8}$/);
  assert.is(token, restoreToken('notes-production-db-1', now, { ...older }));
  assert.is.not(token, restoreToken('notes-production-db-1', now + 1, older));
  assert.is.not(token, restoreToken('notes-production-db-2', now, older));
  assert.is.not(
    restoreToken('notes-production-db-1', 'latest', older),
    restoreToken('notes-production-db-1', 'latest', newer),
  );
});

/** A host that prints lines, and remembers what it was given. */
const hostOf = (lines: readonly string[], code = 0) => {
  const given: string[] = [];
  const connection: Connection = {
    run: async (_script, { input, onLine } = {}) => {
      given.push(String(input));
      for (const line of lines) onLine?.(line);
      return { code, stdout: Buffer.from(''), stderr: '' };
    },
    close: () => undefined,
  };
  return { connection, given };
};
const asked: BackupRun = {
  unit: 'notes-backup-restore.service',
  state: '/s/restore.json',
  configuration: '/c',
  stanza: 'n',
  request: { file: '/s/restore.request', lines: ['replace', 'latest'] },
};
const ended = async (lines: readonly string[], code = 0) => {
  const { connection, given } = hostOf(lines, code);
  const heard: object[] = [];
  const ran = await runBackup(connection, 'script', asked, (progress) => heard.push(progress));
  return { ran, given, heard };
};

test('is asked for by its unit, and heard to its end', async () => {
  const state = 'state {"result":"ok","problem":"","type":"replace","kept":"/d.before-x"}';
  const { ran, given, heard } = await ended([
    'phase recovering',
    'progress 6 -',
    'progress 11 40',
    'said a b',
    'ended success',
    state,
  ]);
  assert.equal(given, ['notes-backup-restore.service\n/s/restore.json\n/c\nn\n/s/restore.request\nreplace\nlatest\n']);
  assert.equal(heard.slice(0, 3), [{ phase: 'recovering' }, { seconds: 6 }, { seconds: 11, percent: 40 }]);
  assert.equal([ran.result, ran.said], ['ok', ['a b']]);
});

test('that did not end well is not taken for the one before it', async () => {
  const before = 'state {"result":"ok","problem":""}';
  assert.match((await ended(['ended signal', before])).ran.problem, 'notes-backup-restore.service ended with signal');
  assert.match((await ended([before], 1)).ran.problem, 'could not be started');
  assert.match((await ended(['busy'], 1)).ran.problem, 'another one is at work');
  const failed = 'state {"result":"failed","problem":"no room"}';
  assert.is((await ended(['ended exit-code', failed])).ran.problem, 'no room');
  assert.is((await ended(['ended success'])).ran.result, 'failed', 'it left no state');
});

test('is shown before it is done, with what is lost and what to type', () => {
  const text = previewText(
    {
      host: 'db-1',
      moment: at('2026-11-22T20:47:00Z'),
      backup: backup('2026-11-21T02:30:00Z'),
      now,
      data: '/var/lib/postgresql/17/main',
      command: 'npm run restore -- --replace 4f2a9c1b',
    },
    colors,
  );
  assert.match(text, 'would replace the data of the whole server by those of 2026-11-22T20:47:00Z');
  assert.match(text, 'all that was written after that moment: 3 h 13 min by now');
  assert.match(text, 'in /var/lib/postgresql/17/main.before-<now>');
  assert.match(text, 'Nothing was changed. To do it: npm run restore -- --replace 4f2a9c1b\n');
});

test('of a dump says that it goes to the moment of the dump, in one transaction', () => {
  const asOf = '2026-11-21T02:30:00Z';
  const dump = backup('2026-11-21T02:30:07Z', { asOf });
  assert.is(backupFor('web-1', { backups: [dump] }, at('2026-11-21T02:30:03Z'), now).asOf, asOf);
  const text = previewText(
    { host: 'web-1', moment: 'latest', backup: dump, now, database: 'notes', command: 'npm run restore' },
    colors,
  );
  assert.match(text, `would replace all that is in the database notes by what was there at ${asOf}`);
  assert.match(text, 'all that was written after it: 45 h 30 min');
  assert.match(text, 'nothing: it is one transaction');
});

test('is told when it is done, with where things are', async () => {
  const { ran } = await ended(['ended success', 'state {"result":"ok","problem":"","kept":"/d.before-x"}']);
  const about = { host: 'db-1', moment: now, database: 'notes' };
  assert.match(
    restoredText({ ...about, beside: false, dump: false }, ran, colors),
    /✓ restored to 2026-11-23T00:00:00Z in 0\.\d s/,
  );
  assert.match(
    restoredText({ ...about, beside: false, dump: false }, ran, colors),
    'the data of before, in /d.before-x;',
  );
  assert.match(restoredText({ ...about, beside: true, dump: false }, ran, colors), 'psql -h /d.before-x notes');
  const ofDump = restoredText({ ...about, beside: false, dump: true }, ran, colors);
  assert.match(ofDump, /✓ restored to the newest dump of before 2026-11-23T00:00:00Z in 0\.\d s/);
  assert.match(ofDump, 'a dump of before, in /d.before-x; remove it');
  const { ran: failed } = await ended(['ended exit-code', 'state {"result":"failed","problem":"no room"}']);
  assert.is(restoredText({ ...about, beside: false, dump: false }, failed, colors), 'db-1: ✗ not restored: no room\n');
});

test('shows how far it is', () => {
  assert.is(progressLine('db-1', {}), 'db-1 begins');
  assert.is(progressLine('db-1', { phase: 'recovering', seconds: 62 }), 'db-1 recovering, 1 min 2 s');
  assert.is(progressLine('db-1', { joined: true, percent: 40, seconds: 6 }), 'db-1 was at work already, 40 %, 6 s');
});

test.run();
