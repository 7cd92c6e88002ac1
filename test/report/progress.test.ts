/** What an apply looks like while it goes on: on terminals of two widths, without a terminal, and as JSON lines. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import picocolors from 'picocolors';
import * as assert from 'uvu/assert';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { type ApplyReporter, TextReporter } from '../../src/report/apply.ts';
import { JsonReporter } from '../../src/report/apply-json.ts';
import { elapsedText, secondsText } from '../../src/report/duration.ts';
import { LiveArea } from '../../src/report/live.ts';
import { columnsOf, cut } from '../../src/report/width.ts';
import { compareGoldens } from '../support/golden.ts';
import { suite } from '../support/suite.ts';
import { Screen } from './screen.ts';

const test = suite('progress');
const here = join(dirname(fileURLToPath(import.meta.url)), 'progress');
const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);

/** An event, or milliseconds that pass. */
type Scene = readonly (ApplyEvent | number)[];

const at = (host: string, steps: number) => ({ host, steps });
const install = { ...at('web-1', 12), number: 1, title: 'install nginx, postgresql, ca-certificates and curl' };
const switching = { ...at('web-1', 12), number: 12, title: 'switch to release 3f2a9c' };
const write = { ...at('database-1', 3), number: 1, title: 'write /srv/データベース/設定ファイル.conf for 東京' };
const check = { ...at('database-1', 3), number: 2, title: 'check with nginx -t' };

const fleet: Scene = [
  {
    type: 'start',
    hosts: [
      { host: 'web-1', changes: 40 },
      { host: 'database-1', changes: 2 },
      { host: 'web-2' },
      { host: 'web-3', changes: 1 },
    ],
    parallel: 10,
    batch: 3,
  },
  { type: 'end', host: 'web-2', outcome: 'unreachable', text: 'nothing was changed', milliseconds: 0 },
  { type: 'note', host: 'web-1', text: 'building notes: npm ci' },
  1000,
  { type: 'begin', ...at('web-1', 12), transaction: '1' },
  { type: 'begin', ...at('database-1', 3), transaction: '2' },
  1000,
  { type: 'step', ...install },
  { type: 'step', ...write },
  45_000,
  { type: 'done', ...write, milliseconds: 45_000 },
  { type: 'step', ...check },
  { type: 'failed', ...check },
  {
    type: 'output',
    host: 'database-1',
    number: 2,
    text: 'nginx: [emerg] \u001b[31munknown directive "gzipp" in /etc/nginx/nginx.conf:12',
  },
  { type: 'undo', host: 'database-1', number: 1, title: write.title },
  1000,
  {
    type: 'end',
    host: 'database-1',
    outcome: 'rolled back',
    text: 'everything that this apply had changed was put back',
    milliseconds: 47_000,
  },
  { type: 'dance', host: 'web-1', seconds: 30 } as never,
  { type: 'done', ...install, milliseconds: 46_000 },
  { type: 'step', ...switching },
  { type: 'done', ...switching, milliseconds: 900 },
  2000,
  { type: 'end', host: 'web-1', outcome: 'converged', text: '', milliseconds: 51_000 },
  {
    type: 'end',
    host: 'web-3',
    outcome: 'skipped',
    text: 'not begun, because database-1, web-2 did not converge; nothing was changed',
    milliseconds: 0,
  },
];

/** The fleet up to where both hosts are at a step. */
const halfway = fleet.slice(0, 10);

/** A clock that stands still until it is set. */
class Clock {
  time = 0;
  readonly now = () => this.time;
  readonly date = () => new Date(Date.UTC(2026, 10, 22, 9) + this.time);
}

function play(scene: Scene, report: ApplyReporter, clock: Clock, look: () => void = () => undefined): void {
  for (const one of scene) {
    if (typeof one === 'number') clock.time += one;
    else report.listen(one);
    look();
  }
}

const commandFor = (verb: string, hosts: readonly string[]) =>
  `npm run ${verb === 'attach' ? 'apply -- --attach' : `${verb} --`} --host ${hosts.join(' ')}`;

/** Every picture of a terminal, and what is left on it at the end. */
function filmed(columns: number, rows: number, colors = plain): string {
  const clock = new Clock();
  const screen = new Screen(columns, rows);
  const report = new TextReporter(screen, colors, { now: clock.now, commandFor });
  const pictures: string[] = [];
  play(fleet, report, clock, () => pictures.push(screen.text()));
  report.finish();
  pictures.push(screen.text());
  return pictures.filter((picture, index) => picture !== pictures[index - 1]).join(`${'='.repeat(columns)}\n`);
}

function written(scene: Scene, colors = plain): string {
  const clock = new Clock();
  let text = '';
  const report = new TextReporter({ write: (part) => (text += part) }, colors, { now: clock.now, commandFor });
  play(scene, report, clock);
  report.finish();
  return text;
}

function json(scene: Scene, end: (report: ApplyReporter) => void = (report) => report.finish()): string {
  const clock = new Clock();
  let text = '';
  const report = new JsonReporter({ write: (part) => (text += part) }, commandFor, clock);
  play(scene, report, clock);
  end(report);
  return text;
}

function interrupted(scene: Scene, options = {}): string {
  const clock = new Clock();
  let text = '';
  const report = new TextReporter({ write: (part) => (text += part) }, plain, { now: clock.now, ...options });
  play(scene, report, clock);
  report.interrupted('SIGINT');
  const said = text;
  report.listen({ type: 'note', host: 'web-1', text: 'too late' });
  report.finish();
  assert.is(text, said, 'nothing is said after an interruption');
  return text;
}

const visible = (text: string) => text.replaceAll('\u001b', '\\e');

test('looks as the files beside this one', () => {
  const goldens = new Map([
    ['terminal-80.out', filmed(80, 30)],
    ['terminal-40.out', filmed(40, 40)],
    ['terminal-of-4-rows.out', filmed(60, 4)],
    ['no-terminal.out', written(fleet)],
    ['no-terminal-coloured.out', visible(written(fleet, coloured))],
    ['json.out', json(fleet)],
    ['json-interrupted.out', json(halfway, (report) => report.interrupted('SIGTERM'))],
    ['interrupted-halfway.out', interrupted(halfway)],
    ['interrupted-while-sending.out', interrupted(fleet.slice(0, 6))],
    ['interrupted-before-anything.out', interrupted([])],
    ['interrupted-between-hosts.out', interrupted(fleet.slice(0, 3))],
    ['interrupted-after-all.out', interrupted(fleet)],
  ]);
  compareGoldens(here, goldens, (path) => path.endsWith('.out'));
});

test('has lines of JSON only, each with its time, and a summary as the last', () => {
  const lines = json(fleet)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { time } of lines) assert.match(time, /^2026-11-22T09:00:\d\d\.\d{3}Z$/);
  const last = lines.at(-1);
  assert.equal([last.type, last.exitCode], ['summary', 3]);
  assert.equal(
    last.hosts.map(({ outcome }: { outcome: string }) => outcome),
    ['converged', 'rolled back', 'unreachable', 'skipped'],
  );
});

test('says without a terminal that a step takes long, once in 30 seconds', async () => {
  const clock = new Clock();
  let text = '';
  const report = new TextReporter({ write: (part) => (text += part) }, plain, { now: clock.now });
  play(
    halfway.filter((one) => typeof one !== 'number'),
    report,
    clock,
  );
  const before = text.length;
  const waited = async (milliseconds: number) => {
    clock.time += milliseconds;
    await new Promise((done) => setTimeout(done, 1100));
    return text.slice(before).split('\n').length - 1;
  };
  assert.is(await waited(29_000), 0, 'not yet');
  assert.is(await waited(1_000), 2, 'a line for each host');
  assert.is(await waited(29_000), 2, 'the same ones');
  assert.match(text, `web-1      [ 1/12] … ${install.title} 30 s so far`);
  report.close();
});

test('fits every terminal, and leaves no live line behind', () => {
  for (let columns = 5; columns <= 120; columns += 1) {
    const screen = new Screen(columns, 50);
    const clock = new Clock();
    const report = new TextReporter(screen, coloured, { now: clock.now, commandFor });
    const live: number[] = [];
    play(halfway, report, clock, () => live.push(...screen.last(3).map(columnsOf)));
    assert.ok(
      live.every((width) => width <= columns),
      `${columns} columns`,
    );
    report.close();
    assert.not.match(screen.text(), /sending|0 s/);
  }
});

test('survives a terminal that changes its width', () => {
  for (const columns of [120, 79, 41, 23]) {
    const screen = new Screen(80, 40);
    const clock = new Clock();
    const report = new TextReporter(screen, plain, { now: clock.now, commandFor });
    play(halfway, report, clock);
    screen.resize(columns);
    clock.time += 1000;
    report.listen({ type: 'note', host: 'web-1', text: 'after the change' });
    const text = screen.text();
    assert.is(text.split('1/12').length - 1, 1, `${columns} columns:\n${text}`);
    report.close();
    assert.match(screen.text().replaceAll('\n', ''), /after the change$/);
  }
});

test('writes nothing while nothing changes, and every picture in one go', () => {
  const writes: string[] = [];
  const area = new LiveArea({ isTTY: true, columns: 80, rows: 24, write: (text: string) => writes.push(text) });
  area.show([], ['a', 'b']);
  area.show([], ['a', 'b']);
  assert.is(writes.length, 1);
  area.show(['done'], ['b']);
  assert.is(writes.length, 2);
  area.clear();
  area.clear();
  assert.is(writes.length, 3);
});

test('has no escape sequence where it is not a terminal', () => {
  assert.not.match(written(fleet), /\u001b/);
  assert.match(written(fleet, coloured), /\u001b/, 'the control');
});

const widths: readonly (readonly [string, number, string])[] = [
  ['short', 10, 'short'],
  ['exactly ten', 11, 'exactly ten'],
  ['one too long', 11, 'one too lo…'],
  ['東京タワー', 10, '東京タワー'],
  ['東京タワー', 9, '東京タワ…'],
  ['東京タワー', 8, '東京タ…'],
  ['cafe\u0301 au lait', 5, 'cafe\u0301…'],
  ['👩‍👩‍👧 family', 3, '👩‍👩‍👧…'],
  ['anything', 1, '…'],
  ['anything', 0, ''],
];

test('cuts by columns, never through a character', () => {
  for (const [text, columns, expected] of widths) {
    assert.is(cut(text, columns), expected, `${text} in ${columns}`);
    assert.ok(columnsOf(expected) <= columns);
  }
});

test('says how long something took and takes', () => {
  assert.is(secondsText(3_720_000), '1 h 2 min');
  assert.equal([0, 999, 59_999, 60_000, 3_600_000].map(elapsedText), ['0 s', '0 s', '59 s', '1 min 0 s', '1 h 0 min']);
});

test.run();
