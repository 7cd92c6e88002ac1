/** What people read: plans, progress and diagnostics, with colours and without. */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import picocolors from 'picocolors';
import * as assert from 'uvu/assert';
import type { ApplyEvent } from '../../src/apply/events.ts';
import type { Diagnostic } from '../../src/diagnostic.ts';
import { TextReporter } from '../../src/report/apply.ts';
import { colorsFor } from '../../src/report/colors.ts';
import { diagnosticsText } from '../../src/report/diagnostics.ts';
import { secondsText } from '../../src/report/duration.ts';
import { driftText, planText } from '../../src/report/plan.ts';
import { compareGoldens } from '../support/golden.ts';
import { suite } from '../support/suite.ts';
import { hashed, plans } from './plans.ts';

const test = suite('reports');
const here = dirname(fileURLToPath(import.meta.url));
const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);
const escapeCharacter = /\u001b/;

const transaction = { host: 'web-1', steps: 12 };
const events: readonly ApplyEvent[] = [
  { type: 'note', host: 'web-1', text: 'building notes: npm ci' },
  { type: 'begin', ...transaction, transaction: 'x' },
  { type: 'step', ...transaction, number: 1, title: 'write /etc/a' },
  { type: 'done', ...transaction, number: 1, title: 'write /etc/a', milliseconds: 42 },
  { type: 'step', ...transaction, number: 12, title: 'reload nginx.service' },
  { type: 'failed', ...transaction, number: 12, title: 'reload nginx.service' },
  { type: 'output', host: 'web-1', number: 12, text: 'nginx: \u001b[31mbroken\u001b[0m\tconfiguration' },
  { type: 'undo', host: 'web-1', number: 1, title: 'write /etc/a' },
  { type: 'end', host: 'web-1', outcome: 'rolled back', text: 'everything was put back', milliseconds: 125_000 },
  { type: 'end', host: 'web-2', outcome: 'converged', text: '', milliseconds: 400 },
];

function progress(colors: typeof plain): string {
  const parts: string[] = [];
  const report = new TextReporter({ write: (part) => parts.push(part) }, colors);
  for (const event of events) report.listen(event);
  report.close();
  return parts.join('');
}

const visible = (coloredText: string) => coloredText.replaceAll('\u001b', '\\e');

test('read as the texts beside this file, with and without colours', () => {
  const named = Object.entries(plans).flatMap(([name, plan]) => [
    [`plan of ${name}`, planText(hashed(plan), plain)] as const,
    [`plan of ${name}, coloured`, visible(planText(hashed(plan), coloured))] as const,
  ]);
  const all = [
    ...named,
    ...Object.entries(plans).flatMap(([name, plan]) => [
      [`drift of ${name}`, driftText(hashed(plan), plain)] as const,
      [`drift of ${name}, coloured`, visible(driftText(hashed(plan), coloured))] as const,
    ]),
    ['progress', progress(plain)] as const,
    ['progress, coloured', visible(progress(coloured))] as const,
  ];
  const goldens = new Map(all.map(([name, content]) => [`${name.replaceAll(/,? /g, '-')}.txt`, content]));
  compareGoldens(here, goldens, (path) => path.endsWith('.txt'));
  assert.is(readdirSync(here).filter((name) => name.endsWith('.txt')).length, goldens.size);
});

test('without colours hold no escape character, and with colours do', () => {
  for (const plan of Object.values(plans)) {
    assert.not.match(planText(hashed(plan), plain), escapeCharacter);
    assert.match(planText(hashed(plan), coloured), escapeCharacter, 'the control');
  }
  assert.not.match(progress(plain), escapeCharacter);
});

test('end no line in white space and no summary in the middle of a sentence', () => {
  for (const [name, plan] of Object.entries(plans))
    assert.not.match(planText(hashed(plan), plain), / \n|[;, ]\n$/, name);
});

const terminals: readonly (readonly [string, boolean, NodeJS.ProcessEnv, boolean])[] = [
  ['a terminal', true, {}, true],
  ['a file', false, {}, false],
  ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a terminal with NO_COLOR=0, which is set too', true, { NO_COLOR: '0' }, false],
  ['a terminal with NO_COLOR and FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ['a file with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
  ['a file with FORCE_COLOR=0', false, { FORCE_COLOR: '0' }, false],
];

for (const [name, isTTY, environment, on] of terminals) {
  test(`have ${on ? 'colours' : 'no colours'} on ${name}`, () => {
    assert.is(escapeCharacter.test(colorsFor({ isTTY }, environment).red('x')), on);
  });
}

const durations: Record<number, string> = {
  0: '0.0 s',
  449: '0.4 s',
  59900: '59.9 s',
  60000: '1 min 0 s',
  125000: '2 min 5 s',
  119700: '2 min 0 s',
};

test('say how long something took', () => {
  for (const [milliseconds, said] of Object.entries(durations)) assert.is(secondsText(Number(milliseconds)), said);
});

test('count one diagnostic and several', () => {
  const one: Diagnostic = { severity: 'error', code: 'a.b', message: 'm', fix: 'f', subject: 'web-1' };
  const warning = { ...one, severity: 'warning' as const };
  assert.is(diagnosticsText([one], plain), 'web-1 error: m (a.b)\n  fix: f\n\n1 error\n');
  assert.match(diagnosticsText([one, one, warning], plain), /\n\n2 errors, 1 warning\n$/);
});

test.run();
