/** Cron expressions, as crontab(5) of Debian reads them, and the calendar expressions of systemd.time(7) that mean the same. */

interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Names of the values from `first` on. */
  readonly names: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const fields: readonly Field[] = [
  { name: 'minute', first: 0, last: 59, names: [] },
  { name: 'hour', first: 0, last: 23, names: [] },
  { name: 'day of the month', first: 1, last: 31, names: [] },
  { name: 'month', first: 1, last: 12, names: monthNames },
  { name: 'day of the week', first: 0, last: 7, names: weekdayNames },
];

const shorthands: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
};

/** What a schedule says: for each field the values at which it runs, ascending. */
interface Schedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** crontab(5): a day must match both of its fields, unless neither starts with `*`: then one is enough. */
  readonly eitherDay: boolean;
}

/** A fault of an expression, said as a sentence. */
class ScheduleFault extends Error {}

/**
 * Calendar expressions (systemd.time(7), OnCalendar=) that together elapse exactly when the cron expression runs.
 *
 * @throws Error when `scheduleProblem` has something to say about it.
 */
export function calendarOf(schedule: string): readonly string[] {
  const { minutes, hours, days, months, weekdays, eitherDay } = parsed(schedule);
  const time = `${component(hours, fields[1]!)}:${component(minutes, fields[0]!)}:00`;
  const month = component(months, fields[3]!);
  const day = component(days, fields[2]!);
  const week = weekdays.length === 7 ? '' : `${weekdays.map(weekdayWord).join(',')} `;
  const byWeekday = `${week}*-${month}-* ${time}`;
  if (!eitherDay) return [`${week}*-${month}-${day} ${time}`];
  const byDay = hasDay(months, days) && weekdays.length < 7 ? [`*-${month}-${day} ${time}`] : [];
  return [...byDay, byWeekday];
}

/** Why a schedule cannot be used, as the end of a sentence that begins with it; undefined for one that can. */
export function scheduleProblem(schedule: string): string | undefined {
  try {
    return neverFires(schedule) ? 'it never fires: none of its months has such a day' : undefined;
  } catch (problem) {
    if (problem instanceof ScheduleFault) return problem.message;
    throw problem;
  }
}

/** Whether no day of any year matches, such as 30 February. 29 February does. @throws Error when it is no schedule at all. */
export function neverFires(schedule: string): boolean {
  const { days, months, eitherDay } = parsed(schedule);
  return !eitherDay && !hasDay(months, days);
}

/** Whether one of the months ever has one of the days, which are ascending. */
const hasDay = (months: readonly number[], days: readonly number[]) =>
  months.some((month) => days[0]! <= longestMonths[month - 1]!);

/** Seconds of the longest pause between two runs, whatever the year. @throws Error when `scheduleProblem` has something to say. */
export function periodOf(schedule: string): number {
  const when = parsed(schedule);
  const times = when.hours.flatMap((hour) => when.minutes.map((minute) => hour * 3600 + minute * 60));
  const days = daysOf(when);
  if (days.length === 0) throw new Error(`${schedule} never fires`);
  const overnight = times[0]! - times.at(-1)!;
  return Math.max(longestStep(times), longestStep([...days, days[0]! + cycle]) * 86_400 + overnight);
}

const longestStep = (ascending: readonly number[]) =>
  ascending.reduce((longest, value, index) => Math.max(longest, value - (ascending[index - 1] ?? value)), 0);

/** Days from 2000 to 2027, after which weekdays and leap years come in the same order again. */
const cycle = 28 * 365 + 7;

/** Numbers of the days of a cycle that match, counted from 1 January 2000, a Saturday. */
function daysOf({ days, months, weekdays, eitherDay }: Schedule): number[] {
  const matches: number[] = [];
  let number = 0;
  for (let year = 0; year < 28; year += 1) {
    for (const [index, longest] of longestMonths.entries()) {
      const length = index === 1 && year % 4 !== 0 ? 28 : longest;
      for (let day = 1; day <= length; day += 1) {
        const fits = [days.includes(day), weekdays.includes((number + 6) % 7)];
        if (months.includes(index + 1) && (eitherDay ? fits.some(Boolean) : fits.every(Boolean))) matches.push(number);
        number += 1;
      }
    }
  }
  return matches;
}

function parsed(schedule: string): Schedule {
  const words = (shorthands[schedule] ?? schedule).split(' ');
  if (words.length !== fields.length) throw new ScheduleFault(`cron has five fields, and it has ${words.length}`);
  const [minutes, hours, days, months, weekdays] = fields.map((field, index) => valuesOf(words[index]!, field));
  return {
    minutes: minutes!,
    hours: hours!,
    days: days!,
    months: months!,
    weekdays: ascending(weekdays!.map((day) => day % 7)),
    eitherDay: !words[2]!.startsWith('*') && !words[4]!.startsWith('*'),
  };
}

const ascending = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);

const valuesOf = (list: string, field: Field) =>
  ascending(list.split(',').flatMap((item) => valuesOfItem(item, field)));

/** One entry of a list: `*`, a value, or a range, and a step behind all but a single value. */
function valuesOfItem(item: string, field: Field): number[] {
  const [, range = '', step] = item.match(/^([^/]*)(?:\/([^/]*))?$/) ?? [];
  if (range === '') throw new ScheduleFault(`its ${field.name} has no value in "${item}"`);
  const [first, last] = endsOf(range, field);
  if (step === undefined) return valuesFrom(first, last, 1);
  if (!/^[1-9]\d*$/.test(step))
    throw new ScheduleFault(`its ${field.name} has the step "${step}", which is no number from 1`);
  if (range !== '*' && !range.includes('-'))
    throw new ScheduleFault(
      `its ${field.name} "${item}" has a step without a range; write ${range}-${field.last}/${step}`,
    );
  return valuesFrom(first, last, Number(step));
}

function endsOf(range: string, field: Field): readonly [number, number] {
  if (range === '*') return [field.first, field.last];
  const ends = range.split('-').map((word) => numberOf(word, field));
  if (ends.length > 2) throw new ScheduleFault(`its ${field.name} "${range}" is no range`);
  const [first = 0, last = first] = ends;
  if (first > last) throw new ScheduleFault(`its ${field.name} "${range}" runs backwards; write it as two ranges`);
  return [first, last];
}

function numberOf(word: string, { name, first, last, names }: Field): number {
  const named = names.indexOf(word.toLowerCase());
  if (named >= 0) return first + named;
  const value = /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  if (value >= first && value <= last) return value;
  throw new ScheduleFault(`its ${name} is "${word}", and must be from ${first} to ${last}`);
}

const valuesFrom = (first: number, last: number, step: number) =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);

/** Values of a field in the words of systemd: `*`, `00/5` for every fifth to the end, and else the values and ranges themselves. */
function component(values: readonly number[], { first, last }: Field): string {
  if (values.length === last - first + 1) return '*';
  const step = values[1]! - values[0]!;
  const even = values.length > 2 && values.every((value, index) => value === values[0]! + index * step);
  return even && step > 1 && values.at(-1)! + step > last
    ? `${twoDigits(values[0]!)}/${step}`
    : runsOf(values).map(rangeText).join(',');
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** Values that follow one another, taken together. */
function runsOf(values: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run?.at(-1) === value - 1) run.push(value);
    else runs.push([value]);
  }
  return runs;
}

const rangeText = (run: readonly number[]) =>
  run.length > 2 ? `${twoDigits(run[0]!)}..${twoDigits(run.at(-1)!)}` : run.map(twoDigits).join(',');

const weekdayWord = (day: number) => `${weekdayNames[day]![0]!.toUpperCase()}${weekdayNames[day]!.slice(1)}`;
