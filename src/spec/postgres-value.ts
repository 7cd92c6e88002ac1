import { postgresSettings, restartOnly } from './postgres-settings.ts';

/** What each unit is worth in bytes or microseconds (guc.c); times and sizes do not mix. */
const sizes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  TB: 2 ** 40,
  '8kB': 2 ** 13,
};
const times: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, min: 6e7, h: 3.6e9, d: 8.64e10 };

const onOrOff = ['on', 'off', 'true', 'false', 'yes', 'no', '1', '0'];

/** Whether a setting is one of an extension, such as pg_stat_statements.track: the server takes any value for it. */
export const isOfExtension = (name: string): boolean => name.includes('.');

/** Whether a changed setting is taken up by a restart only; those of extensions may be, so they count. */
export const takesRestart = (name: string): boolean => isOfExtension(name) || restartOnly.has(name);

/** What is wrong with the value of a known setting, as words that complete "it must be …"; undefined when nothing is. */
export function settingProblem(name: string, value: string): string | undefined {
  const [type, ...rest] = (postgresSettings[name] ?? '').split(' ');
  if (type === 'bool') return onOrOff.includes(value.toLowerCase()) ? undefined : 'on or off';
  if (type === 'enum') return rest.includes(value.toLowerCase()) ? undefined : `one of ${rest.join(', ')}`;
  const [low = '', high = '', unit] = rest;
  return isWithin(value, Number(low), Number(high), unit) ? undefined : rangeInWords(type === 'real', low, high, unit);
}

function isWithin(value: string, low: number, high: number, unit: string | undefined): boolean {
  const [, digits, given] = value.match(/^(-?[0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Za-z]*)$/) ?? [];
  if (digits === undefined) return false;
  const factor = given ? factorOf(given, unit) : 1;
  const amount = Number(digits) * (factor ?? Number.NaN);
  return amount >= low && amount <= high;
}

/** How many of the setting's own unit one of the given unit is. */
function factorOf(given: string, own: string | undefined): number | undefined {
  const table = own !== undefined && own in sizes ? sizes : times;
  const [one, other] = [table[given], own === undefined ? undefined : table[own]];
  return one === undefined || other === undefined ? undefined : one / other;
}

const rangeInWords = (fraction: boolean, low: string, high: string, unit: string | undefined) =>
  `a ${fraction ? '' : 'whole '}number from ${low} to ${high}${unit ? `, in units of ${unit} or with a unit of its own` : ''}`;
