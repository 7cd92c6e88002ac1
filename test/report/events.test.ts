/** docs/events.md names every type of event with each of its keys, and every outcome with its exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { type ApplyEvent, type ClosingEvent, exitCodeOf } from '../../src/apply/events.ts';
import { suite } from '../support/suite.ts';

const test = suite('events');
const page = readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), 'docs', 'events.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));

type AnyEvent = ApplyEvent | ClosingEvent;
type Every = { readonly [Type in AnyEvent['type']]: Required<Omit<Extract<AnyEvent, { type: Type }>, 'type'>> };

const step = { host: '', number: 1, steps: 1, title: '' };

/** One of each with all its keys: a type that is new does not compile until it stands here. */
const every: Every = {
  start: { hosts: [{ host: '', changes: 1, release: '' }], parallel: 1, batch: 1, pause: 1 },
  note: { host: '', text: '' },
  begin: { host: '', transaction: '', steps: 1 },
  step,
  done: { ...step, milliseconds: 1 },
  failed: step,
  postponed: step,
  output: { host: '', number: 1, text: '' },
  cause: { host: '', number: 1, text: '' },
  undo: { host: '', number: 1, title: '' },
  confirm: { host: '', seconds: 60 },
  hold: { host: '', point: 'ready', seconds: 1800 },
  recovering: { host: '', transaction: '' },
  attached: { host: '', transaction: '', steps: 1 },
  end: { host: '', outcome: 'failed', text: '', milliseconds: 1, diagnostics: [] },
  interrupted: { signal: 'SIGINT', running: [], sending: [], untouched: [], attach: '' },
  summary: {
    exitCode: 0,
    milliseconds: 1,
    hosts: [{ host: '', outcome: 'failed', changes: 1, milliseconds: 1, release: '', next: '' }],
  },
  error: { exitCode: 1, diagnostics: [] },
};

/** Keys of a value and of the objects in its lists. */
const keysIn = (value: object): string[] =>
  Object.entries(value).flatMap(([key, inner]) => [key, ...(Array.isArray(inner) ? inner.flatMap(keysIn) : [])]);

const missing = (type: string, value: object) => {
  const row = rows.find((line) => line.startsWith(`| \`${type}\` |`)) ?? '';
  return keysIn(value).filter((key) => !row.includes(`\`${key}\``));
};

test('are all described, with all their keys', () => {
  for (const [type, value] of Object.entries(every)) assert.equal(missing(type, value), [], type);
  assert.equal(missing('step', { host: '', colour: '' }), ['colour'], 'the control');
  assert.equal(missing('dance', { host: '' }), ['host'], 'the control');
});

test('end in outcomes that are described with their exit codes', () => {
  for (const [outcome, code] of Object.entries(exitCodeOf)) {
    const described = rows.filter((line) => line.startsWith(`| \`${outcome}\` |`));
    assert.ok(
      described.some((line) => line.endsWith(`| ${code} |`)),
      outcome,
    );
  }
});

test.run();
