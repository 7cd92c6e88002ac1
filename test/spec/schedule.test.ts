/** Cron expressions as calendar expressions, and what systemd itself makes of those. */
import { readFileSync } from 'node:fs';
import { execaSync } from 'execa';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { calendarOf, neverFires, periodOf, scheduleProblem } from '../../src/spec/schedule.ts';
import { canInstall, ensureCommand, hasCommand } from '../support/packages.ts';
import { suite } from '../support/suite.ts';

interface Case {
  readonly name?: string;
  readonly schedule: string;
  readonly calendar?: readonly string[];
  readonly period?: number;
  readonly problem?: string;
}

const test = suite('schedules');
const cases: readonly Case[] = JSON.parse(readFileSync(new URL('schedules.json', import.meta.url), 'utf8'));

for (const { name, schedule, calendar, period, problem } of cases) {
  test(`${problem === undefined ? 'read' : 'refuse'} ${schedule}${name ? `: ${name}` : ''}`, () => {
    if (problem !== undefined) return assert.match(scheduleProblem(schedule) ?? 'nothing', problem);
    assert.is(scheduleProblem(schedule), undefined);
    assert.equal(calendarOf(schedule), calendar);
    return assert.is(periodOf(schedule), period);
  });
}

test('a day that only leap years have does fire', () => {
  assert.is(neverFires('0 0 29 2 *'), false);
  assert.is(neverFires('0 0 30 2 *'), true, 'the control');
});

/** A field of a cron expression, of values from `first` to `last`. */
const field = (first: number, last: number) => {
  const value = fc.integer({ min: first, max: last });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const stepped = fc
    .tuple(fc.oneof(fc.constant('*'), range), fc.integer({ min: 1, max: last }))
    .map((two) => two.join('/'));
  const item = fc.oneof(fc.constant('*'), value.map(String), range, stepped);
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
};
const cron = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
  .map((fields) => fields.join(' '));
const firing = cron.filter((schedule) => scheduleProblem(schedule) === undefined);

test('systemd reads every calendar expression, and knows when it elapses next', async ({ skip }) => {
  if (!(await hasCommand('systemd-analyze')) && !(await canInstall())) skip('systemd-analyze is not here');
  await ensureCommand('systemd-analyze', ['systemd']);
  const schedules = fc.sample(firing, 100);
  const said = (expressions: readonly string[]) =>
    execaSync('systemd-analyze', ['calendar', ...expressions], { reject: false, env: { TZ: 'UTC', LC_ALL: 'C' } });
  const expressions = [
    ...schedules,
    ...cases.filter(({ calendar }) => calendar).map(({ schedule }) => schedule),
  ].flatMap(calendarOf);
  const { exitCode, stdout, stderr } = said(expressions);
  assert.is(exitCode, 0, stderr);
  assert.is((stdout.match(/Next elapse: \w/g) ?? []).length, expressions.length);
  assert.not.match(stdout, /Next elapse: never/);
  assert.match(said(['*-02-30 00:00:00']).stdout, /Next elapse: never/, 'the control');
});

test('no pause is longer than the period of a schedule, and none is shorter than a minute', () => {
  fc.assert(
    fc.property(firing, (schedule) => assert.ok(periodOf(schedule) >= 60)),
    { numRuns: 50 },
  );
});

test.run();
