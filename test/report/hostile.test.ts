/** Text of files and hosts cannot take over the terminal, nor flood it. */
import picocolors from 'picocolors';
import * as assert from 'uvu/assert';
import { codeFrame, type Diagnostic, printable } from '../../src/diagnostic.ts';
import type { Change } from '../../src/plan/change.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { auditText } from '../../src/report/audit.ts';
import { diagnosticsText } from '../../src/report/diagnostics.ts';
import { planText } from '../../src/report/plan.ts';
import { manifest } from '../plan/manifests.ts';
import { ModelHost } from '../plan/model-host.ts';
import { suite } from '../support/suite.ts';
import { base, change, hashed } from './plans.ts';

const test = suite('reports of hostile text');
const plain = picocolors.createColors(false);
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
const hostile = 'a\u001b[2Jb\u0007c\u009bd\rX';

test('show diagnostics without any control character of a file', () => {
  const diagnostic: Diagnostic = {
    severity: 'error',
    code: 'x.y',
    message: `first ${hostile}\nsecond`,
    fix: `write ${hostile}`,
    at: { file: `hosts/${hostile}/host.yaml`, line: 1, column: 1 },
    frame: codeFrame(`key: ${hostile}\n`, 1, 6, 3),
  };
  const { at: _at, frame: _frame, ...bare } = diagnostic;
  for (const one of [diagnostic, { ...bare, subject: hostile }]) {
    const shown = diagnosticsText([one], plain);
    assert.not.match(shown, control);
    assert.match(shown, '\nsecond ', 'line breaks of a message stay');
  }
});

test('show plans without any control character of a host', () => {
  const drift = { action: 'update', class: 'drift' } as const;
  const shown = (more: Partial<Change>) =>
    planText(hashed({ ...base, changes: [change('file:/a', { ...drift, ...more })] }), plain);
  assert.not.match(shown({ text: { before: hostile, after: 'x', lineKeys: [] } }), control, 'in a difference');
  assert.not.match(
    shown({ attributes: [{ name: 'target', before: hostile, after: 'x' }] }),
    control,
    'in an attribute',
  );
  assert.not.match(shown({ reason: `could not be read: ${hostile}` }), control, 'in what the host said');
  assert.not.match(shown({ name: hostile }), control, 'in a name of the record');
});

test('show what a unit takes up without any control character of the record', () => {
  const host = new ModelHost();
  host.converge(manifest());
  const taken = [...host.record().activations].map(
    ([unit, inputs]) => [unit, { ...inputs, [`file:/${hostile}`]: 'f'.repeat(64) }] as const,
  );
  const record = { ...host.record(), activations: new Map(taken) };
  const { activations } = makePlan(manifest(), host.observed(manifest()), record);
  assert.ok(
    activations.some(({ reason }) => reason.includes(hostile)),
    'the control: the record is in the plan',
  );
  assert.not.match(planText(hashed({ ...base, activations }), plain), control);
  const named = [{ unit: `${hostile}.service`, verb: 'reload' as const, reason: 'x' }];
  assert.not.match(planText(hashed({ ...base, activations: named }), plain), control, 'in the name of a unit');
});

test('show what is on a host in place of a text without its control characters', () => {
  const opaque = { bytes: 9, sha256: hostile };
  const plan = { ...base, changes: [change('file:/a', { action: 'update', class: 'drift', opaque })] };
  assert.match(planText(hashed(plan), plain), 'a·[2Jb', 'the control');
  assert.not.match(planText(hashed(plan), plain), control);
});

test('show the log of applies without any control character of a host', () => {
  const entry = { previous: '', at: hostile, transaction: hostile, serial: 1, outcome: hostile, seconds: 1 };
  const entries = [{ ...entry, who: hostile, commit: hostile, plan: hostile, run: hostile }];
  const shown = auditText('web-1', { entries, flaws: [{ line: 1, message: hostile }] }, 'list', plain);
  assert.match(shown, ' a·[2Jb·c·d·X ', 'the control');
  assert.not.match(shown, control);
});

test('make control characters visible and leave letters alone', () => {
  assert.is(printable(hostile), 'a·[2Jb·c·d·X');
  assert.is(printable('Grüße\t☕'), 'Grüße→☕');
});

test('cut long differences and long lines', () => {
  const lines = (from: number) => Array.from({ length: 1000 }, (_, i) => `${from + i}\n`).join('');
  const long = change('file:/a', {
    action: 'update',
    class: 'change',
    text: { before: lines(0), after: lines(5000), lineKeys: [] },
  });
  const shown = planText(hashed({ ...base, changes: [long] }), plain).split('\n');
  assert.ok(shown.length < 420);
  assert.ok(shown.some((one) => /… \d+ more lines/.test(one)));
  for (const line of codeFrame('x'.repeat(5000), 1, 4000, 3)) assert.ok(line.length < 400);
});

test.run();
